import { afterAll, beforeAll, expect, it } from "vitest";
import { paramNames } from "../../src/query/params.ts";
import { type Serving, startServing } from "./serving.ts";

let serving: Serving;

beforeAll(async () => {
  serving = await startServing({ timeoutSeconds: 1 });
});
afterAll(() => serving?.close());

async function run(sql: string, more: Record<string, string> = {}, path = "/sql") {
  return serving.ask(path, { form: { form_token: await serving.formToken(), sql, ...more } });
}

const byMonth = `select date_trunc('month', usage_date)::date as month, sum(cost)::decimal(18, 2) as cost
  from fct_cost_daily where project_name = 'Atlas' group by all order by all`;

it("shows a result as a table with types, and as a chart, without a script", async () => {
  const { status, text } = await run(byMonth);
  expect(status).toBe(200);
  expect(text).toContain(">2 rows. Took ");
  expect(text).toMatch(/<span class="head">cost<\/span><span class="type">decimal\(18,2\)<\/span>/);
  expect(text).toMatch(/2026-09-01<\/th><td class="n"[^>]*>750.00</);
  expect(text).toMatch(/2026-10-01<\/th><td class="n"[^>]*>775.31</);
  expect(text).toContain('aria-label="cost by month, 2026-09-01 to 2026-10-01"');
});

it("draws a bar for each text, and nothing where rows say nothing of one", async () => {
  const hours = "sum(gpu_hours)::decimal(18, 1) as hours from fct_gpu_hours_daily";
  const bars = await run(`select project_name, ${hours} group by all order by all`);
  expect(bars.text).toContain('aria-label="hours by project_name"');
  expect(bars.text).toMatch(/<text[^>]*>610.0<\/text>/);
  const split = await run(`select usage_date, project_name, ${hours} group by all`);
  expect(split.text).toMatch(/class="legend".*Atlas.*Borealis/s);
  const unclear = await run("select usage_date, quantity from fct_cost_daily");
  expect(unclear.text).not.toContain("<figure>");
});

it("keeps to so many rows, and gives all of them as CSV", async () => {
  const { text } = await run("select i, 'x' || i as name from range(2500) ids (i)");
  expect(text).toContain("The first 1,000 rows of more; the CSV has them all.");
  expect(text.match(/<tr><th scope="row"/g)).toHaveLength(1000);
  const csv = await run("select i, '=' || i as name from range(2500) ids (i)", {}, "/sql.csv");
  expect(csv.headers["content-disposition"]).toBe('attachment; filename="query.csv"');
  const lines = csv.text.split("\r\n");
  expect([lines.length, lines[0], lines[2500]]).toEqual([2502, "i,name", "2499,'=2499"]);
});

it("escapes what a table holds, and cuts what no cell can show", async () => {
  const { text } = await run("select '<script>alert(1)</script>' as a, repeat('y', 100000) as b, null as c");
  expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;</th>");
  expect(text).not.toContain("<script>alert");
  expect(text.length).toBeLessThan(150_000);
  expect(text).toContain('<span class="none">null</span>');
});

it("points at the place of an error, and keeps what was typed", async () => {
  const { status, text } = await run("select projct_name\nfrom fct_cost_daily");
  expect(status).toBe(200);
  expect(text).toMatch(/Referenced column .*projct_name.* not found/);
  expect(text).toMatch(/Candidate bindings:.*project_name/);
  expect(text).toMatch(/LINE 1: select projct_name\n\s+\^/);
  expect(text).toContain(">\nselect projct_name\nfrom fct_cost_daily</textarea>");
});

it("asks for the values of parameters, and binds them as text", async () => {
  const sql = "select count(*) as n from dim_project where project_name = $name";
  const { text } = await run(sql);
  expect(text).toContain("parameters without a value: name");
  expect(text).toContain('<input name="param.name"');
  expect((await run(sql, { "param.name": "Atlas", "param.left": "over" })).text).toMatch(
    /data-key="1"[^>]*>1</,
  );
  expect((await run(sql, { "param.name": "' or true --" })).text).toMatch(/data-key="0"[^>]*>0</);
  expect(paramNames("select $a, '$b', \"$c\", $$ $d $$ -- $e\n, $f /* $g */, $a")).toEqual(["a", "f"]);
});

it("offers the saved queries, with the values they have", async () => {
  const { text } = await serving.ask("/sql?saved=top-spenders");
  expect(text).toContain('<input name="param.month"');
  expect((await serving.ask("/sql?saved=none")).text).toContain("There is no saved query @none.");
});

it.each([
  ["select * from read_csv('/etc/passwd')", /Permission Error|disabled/],
  ["copy (select 1) to '/tmp/tally-serve-test.csv'", /Permission Error|disabled/],
  ["attach '/tmp/other.duckdb'", /Permission Error|disabled/],
  ["install httpfs", /disabled|Permission Error/],
  ["set enable_external_access = true", /locked|Cannot change/],
  ["delete from dim_project", /read-only/],
  ["select 1; select 2", /One query is run at a time/],
])("refuses what is more than a query of what is published: %s", async (sql, reason) => {
  const { text } = await run(sql);
  expect(text).toContain('role="alert"');
  expect(text).toMatch(reason);
});

it("ends a query that would not end, and serves others meanwhile", async () => {
  const endless = "select count(*) from range(1000000000000) a (i), range(1000000) b (j) where i % 7 = j";
  const [late, other] = await Promise.all([run(endless), run(byMonth)]);
  expect(late.text).toContain("The query was ended after 1 seconds.");
  expect(other.text).toContain(">775.31<");
});
