import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/errors/config-error.ts";
import { streams } from "../../src/ingest/streams.ts";
import { packageRoot } from "../../src/package.ts";
import { buildOrganization, openOrganization, type TestOrganization } from "./organization.ts";

/** As far as these tests look. */
const buildSeeds = (organization: TestOrganization) =>
  buildOrganization(organization, { select: "stg_prices" });

const prices =
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to";

async function refusal(files: Record<string, string | Buffer>): Promise<ConfigError> {
  const analytics = await openOrganization({ files: files as Record<string, string> });
  const error = await analytics.build({ select: "stg_prices" }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

test("every malformed cell is refused with file, line, column and the mend", async () => {
  const cases: [file: string, text: string, place: string, problem: string][] = [
    [
      "prices.csv",
      `${prices}\nh100,,,,,2.5,,,\nh100,,p,,,two,,,`,
      "line 3, column unit_price",
      '"two" is not a decimal number',
    ],
    ["prices.csv", `${prices}\nh100,,,,,$2.50,,,`, "line 2, column unit_price", "not a decimal"],
    ["prices.csv", `${prices}\nh100,,,,,1e3,,,`, "line 2, column unit_price", "not a decimal"],
    ["prices.csv", `${prices}\nh100,,,,,-2.5,,,`, "line 2, column unit_price", "is negative"],
    ["prices.csv", `${prices}\nh100,,,,,0.123456789,,,`, "line 2, column unit_price", "too many digits"],
    ["prices.csv", `${prices}\nh100,,,,,12345678901,,,`, "line 2, column unit_price", "too large"],
    ["prices.csv", `${prices}\nh100,,,,,,,,`, "line 2, column unit_price", "empty"],
    ["prices.csv", `${prices}\nh100,,,,,2,US Dollar,,`, "line 2, column currency", "is not a currency"],
    ["prices.csv", `${prices}\nh100,,,,,2,USD,1.2.2026,`, "line 2, column effective_from", "is not a day"],
    ["prices.csv", `${prices}\nh100,,,,,2,USD,2026-02-30,`, "line 2, column effective_from", "is not a day"],
    [
      "prices.csv",
      `${prices}\nh100,,,,,2,USD,2026-02-02,2026-02-01`,
      "line 2, column effective_to",
      "before effective_from",
    ],
    ["prices.csv", `${prices}\n"a\nb",,,,,2,,,\nh100,,,,,x,,,`, "line 4, column unit_price", "not a decimal"],
    ["prices.csv", `${prices}\n# a note\n\nh100,,,,,x,,,`, "line 4, column unit_price", "not a decimal"],
    ["prices.csv", `${prices}\nh100,gpu-hours,,,,2,,,,,`, "line 2", "11 cells"],
    ["prices.csv", `${prices},colour\n`, "line 1", '"colour" is no column'],
    ["prices.csv", "resource_type;unit_price\n", "line 1", "is no column"],
    ["prices.csv", "unit_price,unit_price\n", "line 1", "stands twice"],
    ["prices.csv", "resource_type\nh100\n", "line 1", "unit_price is missing"],
    ["prices.csv", `${prices}\n"h100,,,,,2,,,`, "line ", "quotes"],
    ["cost-centres.csv", "project_id,cost_centre\np,\n", "line 2, column cost_centre", "empty"],
    ["cost-centres.csv", "project_id,cost_centre\np,A\np,B\n", "lines 2 and 3", "same days"],
    ["budgets.csv", "cost_centre,month,amount\nA,2026-13,5\n", "line 2, column month", "is not a month"],
    ["budgets.csv", "cost_centre,month,amount\nA,2026-12,many\n", "line 2, column amount", "not a decimal"],
    [
      "suppressions.csv",
      "rule_id,resource_id,until,reason\n,,tomorrow,\n",
      "line 2, column until",
      "is not a day",
    ],
  ];
  for (const [file, text, place, problem] of cases) {
    const { message, hint } = await refusal({ [file]: text });
    expect(message, text).toContain(file);
    expect(message, text).toContain(place);
    expect(message, text).toContain(problem);
    expect(hint, text).toMatch(/\w/);
  }
});

test("a file that is not UTF-8 is refused", async () => {
  expect((await refusal({ "prices.csv": Buffer.from([0x75, 0x6e, 0xe9]) })).message).toContain(
    "is not UTF-8",
  );
});

test("columns may stand in any order and be left out, and a file may have a byte order mark and CRLF", async () => {
  const analytics = await buildSeeds({
    files: {
      "prices.csv":
        '\uFEFFUnit_Price, Region ,resource_type\r\n2.50, us-east1 ,h100\r\n,,\r\n\r\n00.10,,"a ""b"""\r\n',
      "cost-centres.csv": "cost_centre,project_id\nA,p\n",
      "budgets.csv": "cost_centre,month,amount,currency\nA,2026-11,1000.50,eur\n",
      "suppressions.csv": 'resource_id,reason\nvm-1,"two\nlines"\n',
    },
  });
  expect(
    await analytics.all(
      "select resource_type, region, unit_price, currency, source_line from workspace.prices",
    ),
  ).toEqual([
    { resource_type: "h100", region: "us-east1", unit_price: "2.50000000", currency: null, source_line: 2 },
    { resource_type: 'a "b"', region: null, unit_price: "0.10000000", currency: null, source_line: 5 },
  ]);
  expect(await analytics.all("select cost_centre, month, amount, currency from workspace.budgets")).toEqual([
    { cost_centre: "A", month: "2026-11-01", amount: "1000.5000000000", currency: "EUR" },
  ]);
  expect(
    await analytics.all(
      "select rule_id, resource_id, until, reason, source_line from workspace.suppressions",
    ),
  ).toEqual([{ rule_id: null, resource_id: "vm-1", until: null, reason: "two\nlines", source_line: 2 }]);
});

test("every idle rule is described, and every metric has one spelling of one kind", async () => {
  const analytics = await buildSeeds({});
  const shipped = await analytics.all("select rule_id from reference.idle_rules order by 1");
  const folder = join(packageRoot, "sql", "intermediate");
  const models = readdirSync(folder)
    .map((file) => /^int_idle_(.*)\.sql$/.exec(file)?.[1])
    .filter((rule) => rule !== undefined && rule !== "rules");
  expect(models.sort()).toEqual(shipped.map(({ rule_id }) => rule_id));
  const union = readFileSync(join(folder, "int_findings.sql"), "utf8");
  expect([...union.matchAll(/^ {2}select \* from int_idle_(\w+)$/gm)].map(([, rule]) => rule).sort()).toEqual(
    models,
  );
  // The stream of the judged resource comes first, and every stream is one that tally reads.
  expect(
    await analytics.all(`
      select rule_id from reference.idle_rules
      where severity not in ('high', 'medium', 'low')
        or (threshold is null) <> (threshold_unit is null)
        or not list_has_all(
          ${`[${streams.map(({ name }) => `'${name}'`).join(", ")}]`},
          list_transform(string_split(rests_on, ' '), lambda each : replace(each, 'organization:', ''))
        )
    `),
  ).toEqual([]);
  expect(
    await analytics.all(`
      select metric_key from reference.billable_metrics group by metric_key having count(*) > 1
      union all
      select billable_metric from reference.billable_metrics group by billable_metric having count(distinct kind) > 1
      union all
      select metric_key from reference.billable_metrics where metric_key <> regexp_replace(lower(metric_key), '[^a-z0-9]', '', 'g')
    `),
  ).toEqual([]);
});
