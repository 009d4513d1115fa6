#!/usr/bin/env node
import { CommanderError } from "commander";
import { reportFailure } from "./commands/failure.ts";
import { exitCodes, TallyError } from "./errors/tally-error.ts";
import { createProgram } from "./program.ts";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as head, closes the pipe: that ends the work, and is no error.
    if (code === "EPIPE") process.exit(exitCodes.done);
    if (stream === process.stdout) {
      const hint = "See that where it leads to can be written, and has room.";
      const failure = new TallyError(`Standard output can't be written: ${code ?? message}.`, { hint });
      reportFailure(failure, process.stderr, false);
    }
    process.exit(exitCodes.failed);
  });
}

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else process.exitCode = reportFailure(error, process.stderr, process.argv.includes("--verbose"));
}
