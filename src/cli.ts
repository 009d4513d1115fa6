#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { buildCommand } from "./commands/build.ts";
import { demoCommand } from "./commands/demo.ts";
import { docsCommand } from "./commands/docs.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { reportFailure } from "./commands/failure.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { ingestCommand } from "./commands/ingest.ts";
import { initCommand } from "./commands/init.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { sqlCommand } from "./commands/sql.ts";
import { statusCommand } from "./commands/status.ts";
import { testCommand } from "./commands/test.ts";
import { exitCodes } from "./errors/tally-error.ts";
import { packageVersion } from "./package.ts";

// A reader that has seen enough, such as head, closes the pipe: that ends the work, and is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? 0 : exitCodes.failed),
  );
}

const program = new Command("tally")
  .description("Cost and usage analytics for the Crusoe GPU cloud.")
  .version(packageVersion())
  .option("--workspace <dir>", "the workspace (default: TALLY_WORKSPACE, else the current folder)")
  .option("--quiet", "say only what needs attention")
  .option("--verbose", "say every step, and the stack of an error")
  .showSuggestionAfterError()
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

for (const command of [
  demoCommand,
  initCommand,
  doctorCommand,
  ingestCommand,
  buildCommand,
  testCommand,
  reportCommand,
  runCommand,
  scheduleCommand,
  statusCommand,
  sqlCommand,
  exportCommand,
  docsCommand,
  gatewayCommand,
]) {
  program.addCommand(command().copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else process.exitCode = reportFailure(error, process.stderr, process.argv.includes("--verbose"));
}
