import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyToObjectStore } from "../../src/exports/object-store.ts";
import { loadExtension } from "../../src/extensions.ts";
import { inMemory, openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { start } from "../gateway/acme.ts";
import { noExtensions, testExtensions } from "../services/extensions.ts";
import { noObjectStore, type ObjectStoreServer, startObjectStore } from "../services/object-store.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { gatewayEnvironment } from "./gateway-environment.ts";
import { changePublished, publishedBy } from "./published-by.ts";

const whyNot = noExtensions("httpfs") ?? noObjectStore();

describe.skipIf(whyNot !== undefined)(`copies to an object store${whyNot ? ` (${whyNot})` : ""}`, () => {
  let server: ObjectStoreServer;
  let reader: Warehouse;
  beforeAll(async () => {
    server = await startObjectStore();
    reader = await openWarehouse(inMemory, {
      memoryLimit: "256MB",
      threads: 1,
      extensionDirectory: testExtensions,
    });
    await loadExtension(reader, { extension: "httpfs", setting: "the test" });
    const endpoint = (server.env.AWS_ENDPOINT_URL_S3 ?? "").replace("http://", "");
    await reader.run(
      `create secret (type s3, key_id 'a', secret 'b', endpoint '${endpoint}', url_style 'path', use_ssl false)`,
    );
  }, 180_000);
  afterAll(async () => {
    reader?.close();
    await server?.close();
  });
  /** A table, as another engine that knows no more than the folders reads it. */
  const read = (place: string, table: string, select: string) =>
    reader.all(
      `select ${select} from read_parquet('${server.bucket}/${place}/${table}/**/*.parquet', hive_partitioning = true) group by all order by all`,
    );

  it("every run puts the tables there, by month, with the types that they have", async () => {
    const gateway = await start();
    try {
      const root = temporaryFolder();
      await writeWorkspace(root);
      writeFileSync(
        join(root, "tally.toml"),
        `[warehouse]\nthreads = 1\n[reports]\nformats = ["csv"]\n[publish]\nobject_store = "${server.bucket}/acme/"\n`,
      );
      const env = {
        ...server.env,
        ...gatewayEnvironment(gateway.endpoint),
      };
      const ran = await tally(["run", "--workspace", root, "--verbose"], env);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain("copy_object_store: done");
      expect(ran.stderr).not.toContain(server.env.AWS_SECRET_ACCESS_KEY);
      const sum = "sum(gpu_hours)::varchar as hours, count(*)::varchar as n, typeof(sum(gpu_hours)) as type";
      const here = await tally(
        ["sql", "--workspace", root, "--format", "json", `select ${sum} from fct_gpu_hours_daily`],
        env,
      );
      expect(await read("acme", "fct_gpu_hours_daily", sum)).toEqual(JSON.parse(here.stdout));
      expect(await server.names()).toContain(
        "acme/fct_gpu_hours_daily/month=2026-03/fct_gpu_hours_daily.parquet",
      );
      const doctor = await tally(["doctor", "--workspace", root], env);
      expect(doctor.stdout).toContain(`ok       object store: ${server.bucket}/acme/ can be listed.`);
    } finally {
      await gateway.close();
    }
  }, 180_000);

  it("writes months that changed alone, empties those that are gone, and makes good what somebody removed", async () => {
    const context = await publishedBy(
      `create table fct_hours (usage_date date, hours decimal(18, 3));
       insert into fct_hours values ('2026-09-30', 1), ('2026-10-01', 2), ('2026-10-31', 4), ('2026-11-01', 8), (null, 16);
       create table fct_empty (usage_date date, hours decimal(18, 3));
       create table fct_budgets as
       select date '2026-10-31' as usage_date, '2026-09' as "month", 170141183460469231731687303715::hugeint as large;
       create table dim_project as select 'o''neill/../x' as project_name;`,
      { env: server.env },
    );
    const url = `${server.bucket}/months`;
    expect(await copyToObjectStore(context, url)).toEqual({
      rows: 8,
      changed: ["dim_project", "fct_budgets", "fct_empty", "fct_hours", "meta_build"],
    });
    // Its own column is called month, so that the folder is not.
    expect(await read("months", "fct_budgets", 'usage_month, "month", large::varchar as large')).toEqual([
      { usage_month: "2026-10", month: "2026-09", large: "170141183460469231731687303715" },
    ]);
    const months = () => read("months", "fct_hours", "month, sum(hours)::varchar as hours");
    expect(await months()).toEqual([
      { month: "2026-09", hours: "1.000" },
      { month: "2026-10", hours: "6.000" },
      { month: "2026-11", hours: "8.000" },
      { month: null, hours: "16.000" },
    ]);
    expect(await read("months", "fct_empty", "count(hours)::varchar as n")).toEqual([{ n: "0" }]);
    expect(await copyToObjectStore(context, url)).toEqual({ rows: 0, changed: [] });

    await changePublished(
      context,
      `update fct_hours set hours = 32 where usage_date = '2026-10-31';
       delete from fct_hours where usage_date is null;
       insert into fct_empty values ('2026-10-02', 64);`,
    );
    expect(await copyToObjectStore(context, url)).toEqual({ rows: 3, changed: ["fct_empty", "fct_hours"] });
    expect(await months()).toEqual([
      { month: "2026-09", hours: "1.000" },
      { month: "2026-10", hours: "34.000" },
      { month: "2026-11", hours: "8.000" },
    ]);
    expect(await read("months", "fct_empty", "sum(hours)::varchar as hours")).toEqual([{ hours: "64.000" }]);
    expect(await copyToObjectStore(context, url)).toEqual({ rows: 0, changed: [] });

    await server.remove("months/fct_hours/month=2026-11/fct_hours.parquet");
    expect(await copyToObjectStore(context, url)).toEqual({ rows: 1, changed: ["fct_hours"] });
    expect(await months()).toHaveLength(3);
  });

  it("a store that can't be reached is told with the address and without the key", async () => {
    const context = await publishedBy("select 1", {
      env: { ...server.env, AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" },
    });
    const failure = await copyToObjectStore(context, `${server.bucket}/x`).catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: 1, message: expect.stringContaining("s3://lake/x") });
    expect(JSON.stringify([String(failure), (failure as Error).cause])).not.toContain("footprint");
  });
});

it("says which variable of the environment is missing, before anything is asked of DuckDB", async () => {
  const context = await publishedBy("select 1", { env: { AWS_ACCESS_KEY_ID: "a" } });
  await expect(copyToObjectStore(context, "s3://lake/x")).rejects.toThrow(
    "The environment has no AWS_SECRET_ACCESS_KEY, which object_store under [publish] needs for s3://lake/x.",
  );
});
