import { type Command, Option } from "commander";
import type { Effects } from "../effects.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { SharedReading } from "../shared-warehouse/read.ts";
import { instantOf } from "./as-of.ts";
import type { WorkspaceContext } from "./context.ts";

/** What --shared, --of and --at were given. */
export interface SharedFlags {
  shared?: true;
  of?: string;
  at?: string;
}

/** Has a command take --shared, --of and --at. */
export function withSharedOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--shared",
        "read the published tables from the warehouse that target under [warehouse] names, and none from this machine",
      ),
    )
    .addOption(new Option("--of <workspace>", "with --shared: those of this workspace, by its name there"))
    .addOption(
      new Option("--at <instant>", "with --shared: as a DuckLake was then, such as 2026-10-05T06:00:00Z"),
    );
}

/** The context of a command that reads the published tables: from where, and as of when. */
export type ReadingContext = WorkspaceContext & { shared?: SharedReading };

/**
 * The context with what the options ask for. What is read as of an instant is read as if it were that instant now, unless
 * TALLY_NOW says otherwise: the month that was over then, and the age that the tables had.
 *
 * @throws UsageError where --of or --at come without --shared, or the instant is yet to come
 */
export function readingFrom(context: WorkspaceContext, { shared, of, at }: SharedFlags): ReadingContext {
  if (!shared) {
    const lone = of !== undefined ? "--of" : at !== undefined ? "--at" : undefined;
    if (lone) throw new UsageError(`${lone} goes with --shared.`);
    return context;
  }
  const instant = at === undefined ? undefined : instantOf(at, "--at");
  if (instant) refuseToCome(context.effects, instant);
  return {
    ...context,
    ...(instant &&
      !context.effects.env.TALLY_NOW && { effects: { ...context.effects, now: () => new Date(instant) } }),
    shared: { ...(of !== undefined && { of }), ...(instant && { at: instant }) },
  };
}

/** @throws UsageError where an instant is yet to come */
export function refuseToCome({ wallClock }: Pick<Effects, "wallClock">, instant: Date): void {
  // A snapshot has the time of the machine that made it.
  if (instant <= wallClock()) return;
  throw new UsageError(`${instant.toISOString()} is yet to come, so what is there then can't be told.`, {
    hint: `Name an instant up to now, ${wallClock().toISOString()}.`,
  });
}
