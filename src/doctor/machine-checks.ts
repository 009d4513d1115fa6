import { accessSync, constants, existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isNewerVersion, packageVersion } from "../package.ts";
import { readPublished } from "../status/published.ts";
import { lockHolder } from "../workspace.ts";
import { type Check, type Finding, failed, failedBy, ok, skipped, warning } from "./check.ts";

const oldestNode = 20;
const gib = 2 ** 30;

/** Less room than this stops a run of any size; less than the other is soon used up. */
const leastFreeBytes = gib / 4;
const fewFreeBytes = 2 * gib;

export const machineChecks: readonly Check[] = [
  {
    name: "versions",
    async run() {
      const major = Number(process.versions.node.split(".", 1)[0]);
      if (major < oldestNode) {
        return failed(`Node ${process.versions.node} is too old.`, `Install Node ${oldestNode} or later.`);
      }
      try {
        const { version } = await import("@duckdb/node-api");
        return ok(
          `tally ${packageVersion()}, Node ${process.versions.node}, DuckDB ${version().replace(/^v/, "")}.`,
        );
      } catch (error) {
        return failedBy(
          error,
          "Install tally anew with `npm ci`, on this machine: DuckDB comes as a part for each system.",
        );
      }
    },
  },
  {
    name: "permissions of the workspace",
    run({ workspace }) {
      if (workspace instanceof Error) return skipped("There is no workspace to look at.");
      const folders = [
        workspace.root,
        dirname(workspace.warehouse),
        workspace.raw,
        workspace.reports,
        dirname(workspace.runLog),
      ].filter((folder) => existsSync(folder));
      const locked = folders.filter(
        (folder) => !isAllowed(folder, constants.R_OK | constants.W_OK | constants.X_OK),
      );
      const files = [workspace.warehouse, workspace.analytics, workspace.runLog, workspace.notified];
      locked.push(
        ...files.filter((file) => existsSync(file) && !isAllowed(file, constants.R_OK | constants.W_OK)),
      );
      const [first] = locked;
      return first === undefined
        ? ok("The workspace can be read and written.")
        : failed(
            `${first} can't be written by this user.`,
            "Give it to the user that runs tally, such as with `chown -R`, or run tally as its owner.",
          );
    },
  },
  {
    name: "disk space",
    async run({ root, workspace }) {
      let path = root;
      while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
      const { bavail, bsize } = await statfs(path);
      const free = bavail * bsize;
      // Publishing writes a second copy of the published file, and DuckDB spills what the memory does not hold.
      const needed =
        workspace instanceof Error ? 0 : 2 * (sizeOf(workspace.analytics) + sizeOf(workspace.warehouse));
      const shown = `${(free / gib).toFixed(1)} GiB are free`;
      const mend = "Make room, or lower keep_days and keep_gib under [raw] in tally.toml.";
      if (free < leastFreeBytes) return failed(`Only ${shown}.`, mend);
      if (free < Math.max(fewFreeBytes, needed)) {
        return warning(
          `${shown}; a run may need ${(Math.max(fewFreeBytes, needed) / gib).toFixed(1)} GiB.`,
          mend,
        );
      }
      return ok(`${shown}.`);
    },
  },
  {
    name: "lock",
    run({ workspace }) {
      if (workspace instanceof Error) return skipped("There is no workspace to look at.");
      const holder = lockHolder(workspace);
      if (!holder) return ok("Nobody writes to the workspace.");
      const { command, pid, host, started_at: since } = holder.owner;
      const who = `\`tally ${command}\`, pid ${pid} on ${host}, since ${since}`;
      return holder.isLeft
        ? warning(`${who}, died and left its lock.`, "Nothing needs to be done: the next run takes it over.")
        : ok(`Held by ${who}.`);
    },
  },
  {
    name: "published tables",
    async run({ effects, workspace, config }) {
      if (workspace instanceof Error || config instanceof Error)
        return skipped("There are no settings to go by.");
      if (!existsSync(workspace.analytics)) {
        return warning(
          "Nothing is published yet.",
          `Do a first run: \`tally run --workspace ${workspace.root}\`.`,
        );
      }
      try {
        const { tallyVersion, builtAt } = await readPublished({ effects, workspace, config }, effects.now());
        if (isNewerVersion(tallyVersion, packageVersion())) {
          return failed(
            `The workspace was last written by tally ${tallyVersion}, which is newer than this one (${packageVersion()}).`,
            "Install that version or a later one: an older tally may not know its tables.",
          );
        }
        return ok(`Built by tally ${tallyVersion} at ${builtAt.toISOString()}.`);
      } catch (error) {
        return failedBy(error, "Publish it anew with `tally build`.");
      }
    },
  },
  {
    name: "credentials file",
    run({ effects: { env } }): Finding {
      const path = join(env.HOME || env.USERPROFILE || "", ".crusoe", "config");
      const stats = statSync(path, { throwIfNoEntry: false });
      if (!stats) return ok(`There is no ${path}; the environment is to have the credential.`);
      if (process.platform !== "win32" && (stats.mode & 0o077) !== 0) {
        return warning(
          `${path} can be read by others than its owner.`,
          `Keep it to yourself: \`chmod 600 ${path}\`.`,
        );
      }
      return ok(`${path} is its owner's alone.`);
    },
  },
];

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
