import type { Warehouse } from "../warehouse.ts";
import type { ModelGraph } from "./graph.ts";
import { selectModels } from "./selection.ts";

/** The model that continues the history of findings by one build. */
const historyModel = "int_finding_history";

/** Makes the table that keeps the history of findings from build to build, where it is missing. */
export async function createIdleHistory(connection: Warehouse): Promise<void> {
  await connection.run(`
    create table if not exists meta.idle_episode (
      rule_id varchar not null,
      resource_kind varchar not null,
      resource_id varchar not null,
      first_found_at timestamp not null,
      last_found_at timestamp not null,
      closed_at timestamp,
      outcome varchar,
      resource_name varchar,
      organization_id varchar,
      project_id varchar,
      location varchar,
      idle_since timestamp not null,
      evidence varchar not null,
      monthly_waste decimal(38, 10),
      counted_monthly_waste decimal(38, 10),
      currency varchar,
      first_seen_at timestamp not null,
      rule_settings varchar not null
    );
  `);
}

/**
 * Keeps the history as this build continued it, in one transaction. It is the one thing of a build that can't be
 * computed again, so a build that made the model of older parts, or that looks back from a later one, adds nothing.
 */
export async function keepIdleHistory(
  connection: Warehouse,
  graph: ModelGraph,
  built: ReadonlySet<string>,
): Promise<void> {
  const needed = selectModels(graph, `+${historyModel}`);
  if (!needed.every(({ name }) => built.has(name))) return;
  await connection.transaction(async () => {
    const row = await connection.first<{ is_past: boolean }>(`
      select coalesce(max(greatest(last_found_at, closed_at)) > (select now from meta.build), false) as is_past
      from meta.idle_episode
    `);
    if (row?.is_past) return;
    await connection.run(`
      delete from meta.idle_episode;
      insert into meta.idle_episode by name select * from intermediate.${historyModel};
    `);
  });
}
