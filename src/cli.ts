#!/usr/bin/env node
import { CommanderError } from "commander";
import { reportFailure } from "./commands/failure.ts";
import { exitCodes } from "./errors/tally-error.ts";
import { createProgram } from "./program.ts";

// A reader that has seen enough, such as head, closes the pipe: that ends the work, and is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? 0 : exitCodes.failed),
  );
}

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else process.exitCode = reportFailure(error, process.stderr, process.argv.includes("--verbose"));
}
