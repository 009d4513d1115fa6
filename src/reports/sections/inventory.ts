import { moneyLines, named, sumByCurrency } from "../figures.ts";
import { counted, formatCount, formatMoney, formatNumber, listed } from "../format.ts";
import { html, name } from "../html.ts";
import { projectLink } from "../project-link.ts";
import { defineSection, priceMark, priceWords, type ReportFacts, type Section } from "../section.ts";
import { type Column, table } from "../table.ts";

interface ResourceRow {
  resource_kind: string;
  resource_id: string;
  resource_name: string | null;
  project_id: string | null;
  project_name: string | null;
  location: string | null;
  state: string | null;
  resource_type: string | null;
  gpu_type: string | null;
  gpus: number | null;
  size_gib: string | null;
  created_at: string | null;
  age_days: number | null;
  monthly_cost: string | null;
  currency: string | null;
}

interface Kind {
  kind: string;
  title: string;
  one: string;
  columns: (facts: ReportFacts) => Column<ResourceRow>[];
}

const none = html`<span class="none">n/a</span>`;

const project = (facts: ReportFacts): Column<ResourceRow> => ({
  head: "Project and place",
  cell: (row) =>
    html`${row.project_id === null ? none : projectLink(facts, row.project_id, row.project_name ?? row.project_id)}${row.location !== null && html`<small>${name(row.location)}</small>`}`,
});
const place: Column<ResourceRow> = {
  head: "Place",
  cell: (row) => (row.location === null ? none : name(row.location)),
};
const state: Column<ResourceRow> = { head: "State", cell: (row) => row.state ?? none };
const type: Column<ResourceRow> = {
  head: "Type",
  cell: (row) =>
    html`${row.resource_type === null ? none : name(row.resource_type)}${row.gpu_type !== null && html`<small>${row.gpus !== null && `${formatCount(row.gpus)} \u00d7 `}${name(row.gpu_type)}</small>`}`,
};
const gpus: Column<ResourceRow> = {
  head: "GPUs",
  isNumber: true,
  cell: (row) => (row.gpus === null ? none : formatCount(row.gpus)),
};
const size: Column<ResourceRow> = {
  head: "GiB",
  isNumber: true,
  cell: (row) => (row.size_gib === null ? none : formatNumber(row.size_gib, 0)),
};
const age: Column<ResourceRow> = {
  head: "Age",
  isNumber: true,
  cell: (row) => (row.age_days === null ? none : counted(row.age_days, "day")),
};

function inventoryOf({ kind, title, one, columns }: Kind): Section {
  return defineSection<ResourceRow>({
    id: `inventory-${kind}`,
    title,
    short: title,
    query: "inventory",
    view(all, facts) {
      const rows = all.filter(({ resource_kind }) => resource_kind === kind);
      if (rows.length === 0) return { lead: `There is no ${one}.` };
      const costs = costsOf(rows);
      const unpriced = rows.filter(({ monthly_cost }) => monthly_cost === null).length;
      const mark = priceMark(facts);
      return {
        lead: html`${counted(rows.length, one)}${costs.size > 0 && `, at ${listed([...costs].map(([currency, cost]) => formatMoney(cost, currency)))} a month of 730 hours at today's prices`}.${unpriced > 0 && ` For ${formatCount(unpriced)} no price applies.`}${mark}`,
        table: table(
          [
            {
              head: title.replace(/s$/, ""),
              cell: (row) => named(row.resource_name ?? row.resource_id, row.resource_id),
              total: "All",
            },
            ...columns(facts),
            {
              head: "Cost a month",
              mark,
              isNumber: true,
              cell: (row) =>
                row.monthly_cost === null
                  ? html`<span class="none">no price</span>`
                  : formatMoney(row.monthly_cost, row.currency ?? facts.build.currency),
              total: moneyLines(costs),
            },
          ],
          rows,
          { id: `inventory-${kind}`, caption: `${title} now${priceWords(facts)}`, shown: 25 },
        ),
      };
    },
  });
}

function costsOf(rows: readonly ResourceRow[]): ReadonlyMap<string, string> {
  return sumByCurrency(
    rows.map(({ currency, monthly_cost }) => ({ currency: currency ?? "", monthly_cost })),
    (row) => row.monthly_cost,
  );
}

export const vmsInInventory = inventoryOf({
  kind: "vm",
  title: "VMs",
  one: "VM",
  columns: (facts) => [project(facts), type, state, age],
});

export const disksInInventory = inventoryOf({
  kind: "disk",
  title: "Disks",
  one: "disk",
  columns: (facts) => [project(facts), type, state, size, age],
});

export const snapshotsInInventory = inventoryOf({
  kind: "snapshot",
  title: "Snapshots",
  one: "snapshot",
  columns: (facts) => [project(facts), size, age],
});

export const reservationsInInventory = inventoryOf({
  kind: "reservation",
  title: "Reservations",
  one: "reservation",
  columns: () => [place, state, gpus, age],
});
