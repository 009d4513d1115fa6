import { CommanderError } from "commander";
import { createProgram } from "../../src/program.ts";

/**
 * The words that follow each `tally` in a piece of shell, as the shell would split them. A `tally` that nothing
 * follows is the name of a user, an image or the like.
 */
export function tallyCalls(shell: string): string[][] {
  const calls: string[][] = [];
  let call: string[] | undefined;
  for (const word of [...shellWords(shell), endOfCommand] as const) {
    if (word === endOfCommand) {
      if (call && call.length > 0) calls.push(call);
      call = undefined;
    } else if (isTally(word) && (call === undefined || call.length === 0)) call = [];
    else call?.push(word);
  }
  return calls;
}

const isTally = (word: string) => /^(|\/.*\/|\.\/.*)tally$/.test(word);

const endOfCommand: unique symbol = Symbol("end of a command");

function shellWords(shell: string): (string | typeof endOfCommand)[] {
  const words: (string | typeof endOfCommand)[] = [];
  const token =
    /\\\n|[ \t]+|#[^\n]*|(\n|\|\|?|&&?|;|\d?[<>]+&?|[()])|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|&;<>()])+)/gy;
  for (const [all, operator, word] of shell.matchAll(token)) {
    if (operator !== undefined) words.push(endOfCommand);
    else if (word !== undefined) words.push(word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, "$1$2$3"));
    else if (all.startsWith("\\")) continue;
  }
  return words;
}

/** Why the commands would refuse these words; undefined where they would not. Nothing is done. */
export function refusal(words: readonly string[]): string | undefined {
  const program = createProgram();
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    if (command !== program) command.action(() => undefined);
  }
  try {
    program.parse(words, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? undefined : error.message;
    throw error;
  }
}
