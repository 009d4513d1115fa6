import { constants, createReadStream } from "node:fs";
import { open, realpath } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { sendPage, sendTo } from "./answer.ts";
import { withParts } from "./layout.ts";
import { Refusal } from "./refusal.ts";
import type { ReportFolder } from "./report-folders.ts";

/** What a browser takes the files of reports for; whatever else lies there is saved, and not shown. */
const types: Readonly<Record<string, string>> = {
  ".csv": "text/csv; charset=utf-8",
  ".json": "application/json",
  ".pdf": "application/pdf",
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

const missing = () => new Refusal(404, "There is no such report.");

/**
 * Answers with a file of a folder of reports: a page as it is, with the links to the rest of the app.
 *
 * @param path what follows the folder's own, as it stands in the request
 * @throws Refusal where there is none, or it lies elsewhere
 */
export async function sendReportFile(
  { folder, path: base }: Pick<ReportFolder, "folder" | "path">,
  path: string,
  response: ServerResponse,
): Promise<void> {
  const names = segmentsOf(path);
  const file = await resolved(folder, names);
  // What was resolved has no link in it; one that took its place since is not followed.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw missing();
    },
  );
  try {
    const stat = await handle.stat();
    if (stat.isDirectory())
      return sendTo(response, `${base}${[...names, "index.html"].map(encodeURIComponent).join("/")}`);
    if (!stat.isFile()) throw missing();
    const extension = extname(file).toLowerCase();
    if (extension === ".html") {
      return sendPage(response, 200, withParts(await handle.readFile("utf8"), "/reports/"));
    }
    const type = types[extension];
    response.writeHead(200, {
      "content-type": type ?? "application/octet-stream",
      "content-length": stat.size,
      ...(extension !== ".pdf" && { "content-disposition": "attachment" }),
    });
    if (response.req.method === "HEAD") return void response.end();
    await pipeline(
      createReadStream("", { fd: handle.fd, autoClose: false, end: Math.max(0, stat.size - 1) }),
      response,
    );
  } finally {
    await handle.close();
  }
}

/** The names of a path, where each is one: no way up, no hidden file. */
function segmentsOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((name) => {
    let decoded: string;
    try {
      decoded = decodeURIComponent(name);
    } catch {
      throw missing();
    }
    if (decoded.startsWith(".") || /[/\\\0]/.test(decoded)) throw missing();
    return decoded;
  });
}

async function resolved(folder: string, names: readonly string[]): Promise<string> {
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, ...names));
    if (file === root || file.startsWith(root + sep)) return file;
  } catch {
    // It is not there.
  }
  throw missing();
}
