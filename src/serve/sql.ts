import { TallyError } from "../errors/tally-error.ts";
import { printRows } from "../query/format.ts";
import { paramNames } from "../query/params.ts";
import { findSavedQuery, listSavedQueries } from "../query/saved.ts";
import type { Params } from "../warehouse.ts";
import { sendPage } from "./answer.ts";
import { readShown } from "./result.ts";
import { chartOfResult } from "./result-chart.ts";
import type { Exchange } from "./routes.ts";
import { sqlPage } from "./sql-page.ts";

const firstQuery = `select usage_date, sum(gpu_hours) as gpu_hours
from fct_gpu_hours_daily
group by usage_date
order by usage_date`;

/** The page to write a query on, with a saved one where `?saved=` names it. */
export async function showSql({ context, access, query, response }: Exchange): Promise<void> {
  const saved = await listSavedQueries(context.workspace);
  const named = query.get("saved");
  const { sql, defaults } =
    named === null ? { sql: firstQuery, defaults: {} } : await findSavedQuery(context.workspace, named);
  const { formToken } = access;
  sendPage(response, 200, sqlPage({ formToken, sql: sql.trim(), params: defaults, saved }));
}

/** Runs the query of the form, and shows what came of it; that it can't be run is an answer, too. */
export async function runSql({ context, access, queries, form, response }: Exchange): Promise<void> {
  const given = givenQuery(form);
  const saved = await listSavedQueries(context.workspace);
  const page = { formToken: access.formToken, ...given, saved };
  const startMs = performance.now();
  try {
    const result = await queries.run(bound(given), response, readShown);
    const elapsedMs = performance.now() - startMs;
    const outcome = { result, chart: await chartOfResult(result), elapsedMs };
    sendPage(response, 200, sqlPage({ ...page, outcome }));
  } catch (error) {
    if (!(error instanceof TallyError)) throw error;
    sendPage(response, 200, sqlPage({ ...page, outcome: { error } }));
  }
}

/** The whole result as CSV, sent as it is read. */
export async function downloadCsv(exchange: Exchange): Promise<void> {
  const { context, access, queries, form, response } = exchange;
  const given = givenQuery(form);
  try {
    await queries.run(bound(given), response, async (result) => {
      response.writeHead(200, {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="query.csv"',
      });
      await printRows(result, "csv", {
        write(text) {
          if (response.destroyed) throw new Error("The reader has gone.");
          return response.write(text);
        },
        once(_, listener) {
          // Who has gone takes nothing any more.
          const resume = () => {
            response.off("drain", resume).off("close", resume);
            listener();
          };
          response.once("drain", resume).once("close", resume);
        },
      });
    });
    response.end();
  } catch (error) {
    // A file that is cut short must not look whole.
    if (response.headersSent) return void response.destroy();
    if (!(error instanceof TallyError)) throw error;
    const saved = await listSavedQueries(context.workspace);
    sendPage(response, 400, sqlPage({ formToken: access.formToken, ...given, saved, outcome: { error } }));
  }
}

interface GivenQuery {
  sql: string;
  params: Params;
}

function givenQuery(form: URLSearchParams): GivenQuery {
  const params: Params = {};
  for (const [field, value] of form) {
    const [, name] = /^param\.([A-Za-z_]\w*)$/.exec(field) ?? [];
    if (name !== undefined) params[name] = value;
  }
  return { sql: (form.get("sql") ?? "").replaceAll("\r\n", "\n"), params };
}

/** With the values of those parameters alone that the query has: the form may have those of the one before. */
function bound({ sql, params }: GivenQuery): GivenQuery {
  const names = paramNames(sql).filter((name) => Object.hasOwn(params, name));
  return { sql, params: Object.fromEntries(names.map((name) => [name, params[name] ?? null])) };
}
