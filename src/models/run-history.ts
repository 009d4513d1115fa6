import { existsSync } from "node:fs";
import { runLogFiles } from "../run-log.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { timestampText } from "./context.ts";

/**
 * Writes meta.run anew from the log that every step of a run adds a line to, so that the log is the one place
 * where a step is recorded, also one that could not open the warehouse. A line that a killed process left half
 * written is passed over.
 *
 * @param until the instant after which nothing is shown
 */
export async function loadRunHistory(
  connection: Warehouse,
  workspace: Pick<Workspace, "runLog">,
  until?: Date,
): Promise<void> {
  const files = runLogFiles(workspace).filter((file) => existsSync(file));
  await connection.transaction(async () => {
    await connection.run(`
      create or replace table meta.run (
        run_id varchar not null,
        step varchar not null,
        status varchar not null,
        started_at timestamp not null,
        finished_at timestamp not null,
        duration_ms bigint not null,
        row_count bigint,
        message varchar
      )
    `);
    if (files.length === 0) return;
    await connection.run(`
      insert into meta.run (run_id, step, status, started_at, finished_at, duration_ms, row_count, message)
      select
        run_id,
        step,
        status,
        try_cast(started_at as timestamp) as started_at,
        try_cast(finished_at as timestamp) as finished_at,
        duration_ms,
        row_count,
        message
      from read_json(
        [${files.map(sqlText).join(", ")}],
        format = 'newline_delimited',
        ignore_errors = true,
        columns = {
          run_id: 'varchar',
          step: 'varchar',
          status: 'varchar',
          started_at: 'varchar',
          finished_at: 'varchar',
          duration_ms: 'bigint',
          row_count: 'bigint',
          message: 'varchar'
        }
      )
      where run_id is not null
        and step is not null
        and status is not null
        and duration_ms is not null
        and try_cast(finished_at as timestamp) is not null
        and try_cast(started_at as timestamp) <= ${until ? `timestamp ${sqlText(timestampText(until))}` : "timestamp 'infinity'"}
    `);
  });
}
