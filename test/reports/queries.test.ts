import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/package.ts";
import { type Dataset, readDataset } from "../../src/reports/dataset.ts";
import { readQuery } from "../../src/reports/query.ts";
import { openReadOnly } from "../../src/warehouse.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { workspaceWith } from "./analytics.ts";
import { believable } from "./believable.ts";

const names = readdirSync(join(packageRoot, "sql", "reports")).map((file) => file.replace(/\.sql$/, ""));

const october = {
  period_start: "2026-10-01",
  period_end: "2026-11-01",
  previous_start: "2026-09-01",
  previous_end: "2026-10-01",
  today: "2026-11-03",
};

async function everyDataset(): Promise<Dataset[]> {
  const { workspace, config } = await workspaceWith(temporaryFolder(), believable);
  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  try {
    const datasets: Dataset[] = [];
    for (const name of names) datasets.push(await readDataset(analytics, name, october));
    return datasets;
  } finally {
    analytics.close();
  }
}

it("every query of a report gives the columns that its header describes, in their order, one row for its grain", async () => {
  for (const { query, columns, grain, rows } of await everyDataset()) {
    const { meanings } = await readQuery(query);
    expect(
      columns.map(({ name }) => name),
      query,
    ).toEqual([...meanings.keys()]);
    for (const column of grain ?? []) expect(meanings.has(column), `${query}: ${column}`).toBe(true);
    const keys = rows.map((row) => JSON.stringify((grain ?? Object.keys(row)).map((column) => row[column])));
    expect(new Set(keys).size, `${query} by ${grain}`).toBe(rows.length);
  }
});
