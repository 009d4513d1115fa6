import type { ExportContext } from "../../src/exports/published.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { publishedBy } from "../exports/published-by.ts";

/** A workspace whose tables a test wrote: 10 and 20 hours, of which one row of raw says the 10. */
export async function writerOf(hours: string, env: Record<string, string> = {}): Promise<ExportContext> {
  const context = await publishedBy(
    `create table fct_hours (usage_date date, hours decimal(28, 9), tags varchar[]);
     insert into fct_hours values ('2026-10-01', ${hours}, ['a', 'it''s']), ('2026-11-01', 20, null);
     comment on table fct_hours is 'Hours, it''s said.';
     comment on column fct_hours.hours is 'How many.';`,
    { env },
  );
  const working = await openWarehouse(context.workspace.warehouse, context.config.warehouse);
  await working.run(`
    create schema raw;
    create table raw.usage (usage_date date not null, quantity decimal(28, 12) not null, body json, _known_from timestamp);
    insert into raw.usage values ('2026-10-01', ${hours}, '{"a":1}', '2026-11-02 05:00:00');
  `);
  working.close();
  return context;
}
