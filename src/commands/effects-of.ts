import type { Command } from "commander";
import { type Effects, processEffects } from "../effects.ts";
import type { LogLevel } from "../log.ts";

/** The effects of this process, as talkative as --quiet or --verbose ask. */
export function effectsOf(command: Command): Effects {
  const { quiet, verbose } = command.optsWithGlobals<{ quiet?: boolean; verbose?: boolean }>();
  const level: LogLevel = quiet ? "quiet" : verbose ? "verbose" : "normal";
  return processEffects(level);
}
