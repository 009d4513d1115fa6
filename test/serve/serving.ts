import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readReportSelections } from "../../src/report-selections.ts";
import { type ServeContext, type ServeOptions, serve } from "../../src/serve/serve.ts";
import { twoProjects, workspaceWith } from "../reports/analytics.ts";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as a form. */
  form?: Record<string, string>;
  body?: string | Buffer;
}

/** A server on two projects, whose figures are in the fixture's own comment. */
export interface Serving {
  context: ServeContext & { root: string };
  url: string;
  token: string | null;
  /** Sends a request as it is, paths and headers included: a browser or fetch would mend them. */
  ask(path: string, asked?: Asked): Promise<Answer>;
  /** What a form must bring, as a page of the server has it. */
  formToken(cookie?: string): Promise<string>;
  close(): Promise<void>;
}

export async function startServing({
  env,
  reports = [],
  ...options
}: Partial<ServeOptions> & {
  env?: Record<string, string>;
  /** Tables [[report]] of tally.toml. */
  reports?: Parameters<typeof readReportSelections>[0];
} = {}): Promise<Serving> {
  const root = mkdtempSync(join(tmpdir(), "tally-test-"));
  const { effects, workspace, config } = await workspaceWith(root, twoProjects);
  mkdirSync(join(workspace.reports, "2026-10"), { recursive: true });
  writeFileSync(join(workspace.reports, "2026-10", "cost.csv"), "month,cost\r\n2026-10,775.31\r\n");
  const context = {
    effects: { ...effects, env: { ...effects.env, ...env } },
    workspace,
    config: { ...config, reportSelections: readReportSelections(reports, workspace.tallyToml) },
    root,
  };
  const served = await serve(context, {
    host: "127.0.0.1",
    port: 0,
    allowedHosts: [],
    timeoutSeconds: 20,
    ...options,
  });
  const { port } = new URL(served.url);
  const ask = (path: string, { method, headers = {}, form, body }: Asked = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const sent = form ? new URLSearchParams(form).toString() : body;
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port,
          path,
          method: method ?? (sent === undefined ? "GET" : "POST"),
          headers: { ...(form && { "content-type": "application/x-www-form-urlencoded" }), ...headers },
          agent: false,
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          response.once("end", () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
          response.once("error", reject);
        },
      );
      request.once("error", reject);
      request.end(sent);
    });
  return {
    context,
    url: served.url,
    token: served.madeToken,
    ask,
    async formToken(cookie) {
      const { text } = await ask("/sql", cookie === undefined ? {} : { headers: { cookie } });
      return /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? "";
    },
    async close() {
      await served.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
