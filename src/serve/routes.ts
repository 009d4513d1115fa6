import type { ServerResponse } from "node:http";
import type { Access } from "./access.ts";
import { showDictionary } from "./dictionary.ts";
import { showFindings, showSuppress, suppress, takeBack } from "./findings.ts";
import type { KeptReports } from "./kept-reports.ts";
import type { Queries } from "./queries.ts";
import { Refusal } from "./refusal.ts";
import { sendReportFile } from "./report-files.ts";
import { reportFolders, showReports } from "./report-folders.ts";
import type { ServeContext } from "./serve.ts";
import { showSignIn, signIn } from "./sign-in.ts";
import { downloadCsv, runSql, showSql } from "./sql.ts";
import type { Suppressions } from "./suppressions.ts";

/** A request that may be answered, and what answers it. */
export interface Exchange {
  context: ServeContext;
  access: Access;
  queries: Queries;
  suppressions: Suppressions;
  /** The reports that the server itself keeps; null where runs write them. */
  reports: KeptReports | null;
  path: string;
  query: URLSearchParams;
  /** What was sent; empty unless it is a POST. */
  form: URLSearchParams;
  response: ServerResponse;
}

export interface Route {
  /** Whether it is answered without signing in. */
  isOpen?: boolean;
  answer(exchange: Exchange): Promise<void>;
}

const routes: Readonly<Record<string, Route>> = {
  "GET /": { answer: showReports },
  "GET /reports": { answer: showReports },
  "GET /sql": { answer: showSql },
  "POST /sql": { answer: runSql },
  "POST /sql.csv": { answer: downloadCsv },
  "GET /findings": { answer: showFindings },
  "GET /findings/suppress": ofWriter(showSuppress),
  "POST /findings/suppress": ofWriter(suppress),
  "POST /findings/take-back": ofWriter(takeBack),
  "GET /dictionary": { answer: showDictionary },
  "GET /sign-in": { isOpen: true, answer: showSignIn },
  "POST /sign-in": { isOpen: true, answer: signIn },
};

/** What only the workspace whose runs make the tables can have an effect on. */
function ofWriter(answer: Route["answer"]): Route {
  return {
    async answer(exchange) {
      if (exchange.context.shared) {
        throw new Refusal(
          403,
          "Findings are suppressed in the workspace that made these tables, whose suppressions.csv the next run there reads.",
        );
      }
      await answer(exchange);
    },
  };
}

const reports: Route = {
  async answer({ context, reports: kept, path, response }) {
    await kept?.ready();
    const folder = reportFolders(context).find((each) => path.startsWith(each.path));
    if (!folder) throw new Refusal(404, "There is no such report.");
    await sendReportFile(folder, path.slice(folder.path.length), response);
  },
};

/** What answers a request; undefined where nothing does. */
export function routeOf(method: string, path: string): Route | undefined {
  if (method === "GET" && /^\/reports?\/./.test(`${path}.`)) return reports;
  const key = `${method} ${path}`;
  return Object.hasOwn(routes, key) ? routes[key] : undefined;
}
