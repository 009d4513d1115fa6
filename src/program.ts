import { Command } from "commander";
import { buildCommand } from "./commands/build.ts";
import { completionCommand } from "./commands/completion.ts";
import { demoCommand } from "./commands/demo.ts";
import { docsCommand } from "./commands/docs.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { gatewayCommand } from "./commands/gateway.ts";
import { ingestCommand } from "./commands/ingest.ts";
import { initCommand } from "./commands/init.ts";
import { manCommand } from "./commands/man.ts";
import { reportCommand } from "./commands/report.ts";
import { restoreCommand } from "./commands/restore.ts";
import { runCommand } from "./commands/run.ts";
import { scheduleCommand } from "./commands/schedule.ts";
import { serveCommand } from "./commands/serve.ts";
import { sqlCommand } from "./commands/sql.ts";
import { statusCommand } from "./commands/status.ts";
import { testCommand } from "./commands/test.ts";
import { packageVersion } from "./package.ts";

/** The whole command line: which commands there are, and what each takes. What does their work is loaded when one is called. */
export function createProgram(): Command {
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
    serveCommand,
    exportCommand,
    docsCommand,
    restoreCommand,
    gatewayCommand,
    completionCommand,
  ]) {
    program.addCommand(command().copyInheritedSettings(program));
  }
  program.addCommand(manCommand().copyInheritedSettings(program), { hidden: true });
  return program;
}
