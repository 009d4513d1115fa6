import { describe, expect, it } from "vitest";
import { attachStatement } from "../../src/shared-warehouse/attach.ts";
import { copyToSharedWarehouse } from "../../src/shared-warehouse/commit.ts";
import { addressOfTarget } from "../../src/shared-warehouse/target.ts";
import { writerOf } from "./writer-of.ts";

describe("an address of a shared warehouse", () => {
  const addressOf = (text: string, dataPath?: string) =>
    addressOfTarget(
      { effects: { env: { X: text } }, root: "/srv/costs" },
      { address: { env: "X" }, dataPath, writer: "a", isNamed: false },
    );

  it.each([
    ["md:costs", ["motherduck"], `attach 'md:costs'`],
    ["ducklake:lake.ducklake", ["ducklake"], `attach 'ducklake:/srv/costs/lake.ducklake' as shared`],
    [
      "ducklake:sqlite:/lakes/a.sqlite",
      ["ducklake", "sqlite_scanner"],
      `attach 'ducklake:sqlite:/lakes/a.sqlite' as shared`,
    ],
    [
      "ducklake:postgres:dbname=it's host=db",
      ["ducklake", "postgres_scanner"],
      `attach 'ducklake:postgres:dbname=it''s host=db' as shared`,
    ],
  ])("%s is attached by what it takes", (text, extensions, statement) => {
    const address = addressOf(text);
    expect(address.needs.map(({ extension }) => extension)).toEqual(extensions);
    expect(attachStatement(address, undefined, { isReadOnly: false })).toBe(statement);
  });

  it("a reader names the data's place and a snapshot, where the catalog is a DuckLake's", () => {
    const address = addressOf("ducklake:postgres:dbname=lake", "s3://bucket/lake");
    expect(address.needs.map(({ extension }) => extension)).toEqual([
      "ducklake",
      "postgres_scanner",
      "httpfs",
    ]);
    expect(attachStatement(address, "s3://bucket/lake", { isReadOnly: true, snapshot: "12" })).toBe(
      "attach 'ducklake:postgres:dbname=lake' as shared (read_only, data_path 's3://bucket/lake', override_data_path true, snapshot_version 12)",
    );
  });

  it("is shown without what opens it", () => {
    for (const text of ["md:costs?motherduck_token=hunter2", "ducklake:postgres:dbname=a password=hunter2"]) {
      const { shown, redact } = addressOf(text);
      expect(shown + redact(`can't open ${text}`)).not.toContain("hunter2");
    }
  });

  it("says that MotherDuck's extension is missing, or why it can't be reached", async () => {
    const context = await writerOf("10", { motherduck_token: "hunter2" });
    const failure = await copyToSharedWarehouse(context, {
      address: { text: "md:costs" },
      dataPath: undefined,
      writer: "one",
      isNamed: true,
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        /target under \[warehouse\] needs DuckDB's extension motherduck|md:costs/,
      ),
    });
    expect(String(failure)).not.toContain("hunter2");
  });
});
