import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import type { SavedFault } from "./faults/plan.ts";
import { emptyOrganization, type Organization } from "./state.ts";

/** All that a gateway is at one instant: another one goes on from there. */
export interface GatewayState {
  /** With everything that was done to it. */
  organization: Organization;
  now: Date;
  /** How many seconds pass in one of the machine's; 0 where the clock stands. */
  pace: number;
  faults: SavedFault[];
}

const format = "tally gateway state";
/** Raised where a file of before can't be read as one of today. */
const version = 1;

const envelope = z.object({
  format: z.literal(format),
  version: z.number(),
  sha256: z.string(),
  state: z.unknown(),
});
const saved = z.object({
  organization: z.looseObject({ id: z.string(), name: z.string(), now: z.iso.datetime() }),
  now: z.iso.datetime(),
  pace: z.number().min(0),
  faults: z.array(z.unknown()),
});

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Writes the state beside the file, and puts it in its place whole: whoever reads it, and whatever is killed
 * amid it, finds the old one or the new one.
 *
 * @throws TallyError where its folder can't be written
 */
export async function saveState(path: string, state: GatewayState): Promise<void> {
  // Made before anything is waited for: requests that come meanwhile must not change half of it.
  const body = JSON.stringify(state);
  const head = JSON.stringify({ format, version, sha256: digestOf(body) });
  const aside = `${path}.saving`;
  try {
    // It holds the keys that open the gateway: a file that is there already would keep the rights that it has.
    await rm(aside, { force: true });
    const text = `${head.slice(0, -1)},"state":${body}}\n`;
    await writeFile(aside, text, { mode: 0o600, flag: "wx", flush: true });
    await rename(aside, path);
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new TallyError(`The state ${path} can't be saved: ${code}.`, {
      hint: "What was saved before is kept. Name a file in a folder that you may write, on a disk that has room.",
      cause: error,
    });
  }
}

/**
 * Reads what saveState wrote; null where there is no such file.
 *
 * @throws ConfigError where the file is damaged, another program's, or of a version that is not known
 */
export async function loadState(path: string): Promise<GatewayState | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new ConfigError(`The state ${path} can't be read: ${code}.`, {
      hint: "Name a file that you may read and write; it is made where there is none.",
    });
  }
  const found = envelope.safeParse(jsonOf(text));
  if (!found.success) {
    throw refused(
      path,
      "is no state of a gateway, or was cut short",
      "Name another file: this one is kept as it is.",
    );
  }
  if (found.data.version !== version) {
    const other = found.data.version > version ? "a newer tally" : "an older tally";
    throw refused(
      path,
      `was saved by ${other}: its version is ${found.data.version}, and this one reads ${version}`,
      "Go on with the tally that saved it, or name another file to begin anew.",
    );
  }
  const { state } = found.data;
  const read = saved.safeParse(state);
  if (!read.success || digestOf(JSON.stringify(state)) !== found.data.sha256) {
    throw refused(
      path,
      "is damaged, or was changed by hand",
      "Take a copy of before, or name another file to begin anew.",
    );
  }
  const { organization, now, ...rest } = state as GatewayState;
  const [at, stands] = [new Date(now), new Date(organization.now)];
  // What a tally of today knows and the one that saved it did not is as it is where nobody says anything.
  return {
    ...rest,
    now: at,
    organization: { ...emptyOrganization(organization), ...organization, now: stands },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refused = (path: string, reason: string, hint: string): ConfigError =>
  new ConfigError(`The state ${path} ${reason}.`, { hint });
