import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Serving, startServing } from "./serving.ts";

let serving: Serving;
let csv: string;

beforeAll(async () => {
  serving = await startServing();
  csv = serving.context.workspace.csv.suppressions;
});
beforeEach(() => rmSync(csv, { force: true }));
afterAll(() => serving?.close());

const disk = { rule_id: "unattached_disk", resource_id: "disk-1" };

async function suppress(fields: Record<string, string>) {
  const form = { form_token: await serving.formToken(), ...disk, ...fields };
  return serving.ask("/findings/suppress", { form });
}

it("shows what is open and what is suppressed, with its waste and its reason", async () => {
  const { text } = await serving.ask("/findings");
  expect(text).toMatch(/idle node.*\$1,234\.57.*scratch.*unpriced/s);
  expect(text).toMatch(/id="suppressed".*kept on purpose.*Kept for the audit.*until 2026-12-31/s);
});

it("adds a row, and keeps what the file holds byte for byte", async () => {
  const before =
    '\ufeff# ours\r\nReason,until,resource_id,rule_id\r\n"said ""so"", twice",,vm-9,\r\n#,,,\r\nno end,,vm-8,x';
  writeFileSync(csv, before);
  chmodSync(csv, 0o640);
  const answer = await suppress({ until: "2026-12-31", reason: '#1: kept, "for now"\nby Ada' });
  expect([answer.status, answer.headers.location]).toEqual([303, "/findings?suppressed"]);
  expect(readFileSync(csv, "utf8")).toBe(
    `${before}\r\n"#1: kept, ""for now"" by Ada",2026-12-31,disk-1,unattached_disk\r\n`,
  );
  expect(statSync(csv).mode & 0o777).toBe(0o640);
  expect(readdirSync(serving.context.root).filter((name) => name.startsWith("."))).toEqual([]);

  const { text } = await serving.ask("/findings?suppressed");
  expect(text).toContain("which counts from the next run on");
  expect(text).toMatch(/scratch.*from the next run.*kept, &quot;for now&quot; by Ada/s);
});

it("makes the file where there is none, and runs nothing in a spreadsheet", async () => {
  await suppress({ reason: "=cmd|' /C calc'!A0" });
  expect(readFileSync(csv, "utf8")).toBe(
    "rule_id,resource_id,until,reason\nunattached_disk,disk-1,,'=cmd|' /C calc'!A0\n",
  );
});

it("writes every row that is sent at once", async () => {
  writeFileSync(csv, "rule_id,resource_id,until,reason\n");
  await Promise.all([1, 2, 3, 4, 5].map((i) => suppress({ reason: `reason ${i}` })));
  const lines = readFileSync(csv, "utf8").trimEnd().split("\n").slice(1).sort();
  expect(lines).toEqual([1, 2, 3, 4, 5].map((i) => `unattached_disk,disk-1,,reason ${i}`));
});

it.each([
  [{ reason: "  " }, "Say why"],
  [{ reason: "x".repeat(301) }, "it may have 300"],
  [{ reason: "kept", until: "2026-02-30" }, "2026-02-30 is no day"],
  [{ reason: "kept", until: "2026-11-02" }, "2026-11-02 is over"],
])("says what is wrong with what was sent, and writes nothing: %j", async (fields, said) => {
  const { status, text } = await suppress(fields);
  expect(status).toBe(200);
  expect(text).toContain(said);
  expect(existsSync(csv)).toBe(false);
});

it("writes nothing for what was not found, or into a file that it does not understand", async () => {
  expect((await suppress({ resource_id: "vm-1", reason: "kept" })).status).toBe(404);
  for (const [text, said] of [
    ["rule_id;resource_id\n", "is no column of this file"],
    ["rule_id,reason\n", "the column resource_id is missing"],
    ['rule_id,resource_id,until,reason\n"open', "the quotes are not as CSV has them"],
  ] as const) {
    writeFileSync(csv, text);
    expect((await suppress({ reason: "kept" })).text).toContain(said);
    expect(readFileSync(csv, "utf8")).toBe(text);
  }
  expect((await serving.ask("/findings")).text).toContain("suppressions.csv can&#39;t be read.");
});

it("takes no row from another site", async () => {
  const form = { ...disk, reason: "kept" };
  const form_token = await serving.formToken();
  const headers = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
  const evil = await serving.ask("/findings/suppress", { form: { ...form, form_token }, headers });
  const without = await serving.ask("/findings/suppress", { form });
  expect([evil.status, without.status, existsSync(csv)]).toEqual([403, 403, false]);
});

it("takes back what it suppressed, and leaves every other byte of the file", async () => {
  const others = [
    "rule_id,resource_id,until,reason\r\n",
    "# ours\r\n",
    'x,vm-9,,"two\r\nlines"\r\n',
    "unattached_disk,,,wider",
  ];
  const own = 'unattached_disk,disk-1,,"kept\r\nfor ""now"""\r\n';
  writeFileSync(csv, [others[0], own, ...others.slice(1, 3), own, others[3]].join(""));
  const form = { form_token: await serving.formToken(), ...disk };
  expect((await serving.ask("/findings")).text).toContain("Take back that unattached_disk of scratch");
  const answer = await serving.ask("/findings/take-back", { form });
  expect([answer.status, answer.headers.location]).toEqual([303, "/findings?taken-back"]);
  expect(readFileSync(csv, "utf8")).toBe(others.join(""));

  const { text } = await serving.ask("/findings?taken-back");
  expect(text).toContain("no row for it any more");
  // The wider row still holds, and is nobody's to take back from one finding.
  expect(text).not.toContain("Take back that");
  expect((await serving.ask("/findings/take-back", { form })).status).toBe(409);
  expect(readFileSync(csv, "utf8")).toBe(others.join(""));
  expect((await serving.ask("/findings/take-back", { form: disk })).status).toBe(403);
});

it("says of a finding that was suppressed and is no longer that it is open from the next run on", async () => {
  expect((await serving.ask("/findings")).text).toMatch(/Kept for the audit.*open from the next run/s);
});
