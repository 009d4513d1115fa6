import { existsSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { ReportSelection } from "../report-selections.ts";
import { html, name } from "../reports/html.ts";
import { slugOf } from "../slug.ts";
import { sendPage, sendTo } from "./answer.ts";
import { appPage } from "./layout.ts";
import type { Exchange } from "./routes.ts";
import type { ServeContext } from "./serve.ts";

/** A folder of reports, and the path under which it is served. */
export interface ReportFolder {
  path: string;
  title: string;
  folder: string;
}

/** The workspace's reports/, and each folder beside it that a [[report]] names. */
export function reportFolders({
  workspace,
  config,
}: Pick<ServeContext, "workspace" | "config">): ReportFolder[] {
  const elsewhere = config.reportSelections.flatMap((selection, at) => {
    const folder = resolve(workspace.root, selection.folder);
    return `${folder}${sep}`.startsWith(`${workspace.reports}${sep}`)
      ? []
      : [folderOf(selection, at, folder)];
  });
  return [{ path: "/reports/", title: "reports", folder: workspace.reports }, ...elsewhere];
}

function folderOf(selection: ReportSelection, at: number, folder: string): ReportFolder {
  const title = selection.name ?? selection.folder;
  return { path: `/report/${at + 1}-${slugOf(title)}/`, title, folder };
}

/** Leads to the reports; where they lie in several folders, to a list of these. */
export async function showReports({ context, reports, response }: Exchange): Promise<void> {
  const page = (await reports?.ready()) ?? null;
  if (page !== null) return sendTo(response, page);
  const written = reportFolders(context).filter(({ folder }) => existsSync(join(folder, "index.html")));
  if (written.length < 2) return sendTo(response, written[0]?.path ?? "/reports/");
  const main = html`<ul class="report-folders">${written.map(({ path, title }) => html`<li><a href="${path}">${name(title)}</a></li>`)}</ul>`;
  sendPage(response, 200, appPage({ title: "Reports", path: "/reports/", main }));
}
