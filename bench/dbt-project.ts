import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HeaderTest } from "../src/models/header.ts";
import { workspaceAt } from "../src/workspace.ts";
import type { PlainModel, PlainProject, PlainTest } from "./plain-project.ts";

/**
 * Writes models and tests as a dbt project: each model as it stands, with what it reads declared and names found as tally
 * finds them; what its header claims as dbt's own generic tests, or as those of dbt_utils; and the files of sql/tests as
 * singular tests.
 */
export async function writeDbtProject(root: string, { models, tests }: PlainProject): Promise<void> {
  const write = async (path: string, text: string) => {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  };
  for (const model of models) await write(`models/${model.layer}/${model.name}.sql`, modelFile(model));
  for (const test of tests) await write(`tests/${test.name}.sql`, testFile(test));
  // Every JSON is YAML.
  await write("models/schema.yml", JSON.stringify({ version: 2, models: models.map(claimsOf) }));
  await write("macros/tests.sql", genericTests);
  await write(
    "macros/schema.sql",
    "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}\n",
  );
  await write("dbt_project.yml", projectFile);
  await write("profiles.yml", profile(workspaceAt(root).warehouse));
}

const depends = (reads: readonly string[]): string =>
  reads.map((each) => `-- depends_on: {{ ref('${each}') }}\n`).join("");

const modelFile = ({ layer, materialization, sql, reads }: PlainModel): string =>
  `{{ config(materialized='${materialization}', schema='${layer}') }}\n${depends(reads)}{% raw %}\n${sql}\n{% endraw %}\n`;

const testFile = ({ severity, sql, reads }: PlainTest): string =>
  `{{ config(severity='${severity}') }}\n${depends(reads)}{% raw %}\n${sql}\n{% endraw %}\n`;

function claimsOf({ name, grain, tests }: PlainModel) {
  const [key, ...more] = grain;
  const unique = { combination_of_columns: grain };
  const columns = tests.flatMap(columnTests);
  if (key !== undefined && more.length === 0) columns.push({ column: key, test: "unique" });
  return {
    name,
    columns: [...new Set(columns.map(({ column }) => column))].map((column) => ({
      name: column,
      data_tests: columns.filter((each) => each.column === column).map(({ test }) => test),
    })),
    data_tests: more.length > 0 ? [{ unique_combination_of_columns: { arguments: unique } }] : [],
  };
}

interface ColumnTest {
  column: string;
  /** As dbt takes it below data_tests. */
  test: unknown;
}

function columnTests(claim: HeaderTest): ColumnTest[] {
  const config = { severity: claim.severity };
  const test = (name: string, column: string, args?: object): ColumnTest => ({
    column,
    test: { [name]: { ...(args ? { arguments: args } : {}), config } },
  });
  if ("not_null" in claim) return claim.not_null.map((column) => test("not_null", column));
  if ("accepted_values" in claim) {
    const { column, values } = claim.accepted_values;
    return [test("accepted_values", column, { values })];
  }
  if ("relationship" in claim) {
    const { column, model, to } = claim.relationship;
    return [test("relationships", column, { to: `ref('${model}')`, field: to })];
  }
  if ("range" in claim) {
    const { column, min, max } = claim.range;
    return [test("accepted_range", column, { min_value: min, max_value: max })];
  }
  return [test("fresh_within", claim.freshness.column, { within: claim.freshness.within })];
}

/** The two of dbt_utils, which its package index serves alone, by the same SQL; and one for how old a table may be. */
const genericTests = `
{% test unique_combination_of_columns(model, combination_of_columns) %}
select {{ combination_of_columns | join(', ') }}
from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
select *
from {{ model }}
where 1 = 2
{%- if min_value is not none %} or not {{ column_name }} >= {{ min_value }}{% endif %}
{%- if max_value is not none %} or not {{ column_name }} <= {{ max_value }}{% endif %}
{% endtest %}

{% test fresh_within(model, column_name, within) %}
select max({{ column_name }}) as latest
from {{ model }}
having latest < (select now from meta.build) - interval '{{ within }}'
{% endtest %}
`;

/** What keepIdleHistory() of src/models does when a build ends is a hook: the next build continues it. */
const projectFile = `
name: tally
version: '1.0'
profile: tally
flags: { send_anonymous_usage_stats: false }
on-run-end:
  - delete from meta.idle_episode
  - insert into meta.idle_episode by name select * from intermediate.int_finding_history
`;

/** With the memory and the processors that tally has, and its order of schemas. */
const profile = (database: string): string => `
tally:
  target: bench
  outputs:
    bench:
      type: duckdb
      path: ${JSON.stringify(database)}
      schema: marts
      threads: 2
      settings: { search_path: 'marts,intermediate,staging', TimeZone: UTC, memory_limit: 384MB, threads: 2 }
`;
