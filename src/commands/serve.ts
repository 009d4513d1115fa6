import { Command, InvalidArgumentError, Option } from "commander";
import { readingFrom, type SharedFlags, withSharedOptions } from "./shared-option.ts";

interface ServeFlags extends SharedFlags {
  host: string;
  port: number;
  allowHost: string[];
  timeout: number;
}

export const serveCommand = () =>
  withSharedOptions(new Command("serve"))
    .description("Open the workspace in a browser: reports, SQL, findings and the data dictionary.")
    .option(
      "--host <address>",
      "the address to bind to; others than this machine's own need a token",
      "127.0.0.1",
    )
    .addOption(new Option("--port <port>", "the port; 0 for one that is free").argParser(port).default(8080))
    .option(
      "--allow-host <name>",
      "a further name under which it is reached, such as that of a proxy; may be given several times",
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option("--timeout <seconds>", "end a query that takes longer", seconds, 60)
    .addHelpText(
      "after",
      `
Examples:
  $ tally serve --workspace costs
  $ tally serve --shared --of acme                        # from the shared warehouse, on any machine
  $ tally serve --port 0                                  # any free port; the URL is printed
  $ TALLY_SERVE_TOKEN=… tally serve --host 0.0.0.0 --allow-host costs.example.com

It reads the published tables and writes nothing but suppressions.csv; with --shared nothing but reports, which it
makes anew once the workspace has committed others. Bound to another address than this machine's
own it asks for a token: TALLY_SERVE_TOKEN, or one that is made and printed at the start. It speaks HTTP; for others to
reach it, put a proxy with TLS in front. SIGTERM and Ctrl+C end it.`,
    )
    .action(async (flags: ServeFlags, command: Command) => {
      const { host, port, allowHost, timeout } = flags;
      const { workspaceContext } = await import("./context.ts");
      const { serve } = await import("../serve/serve.ts");
      const context = readingFrom(workspaceContext(command), flags);
      const { effects } = context;
      // A signal that comes while it starts ends it, too; a second one ends the process at once.
      const asked = new Promise<void>((resolve) => {
        for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
      });
      const served = await serve(context, { host, port, allowedHosts: allowHost, timeoutSeconds: timeout });
      effects.stdout.write(`${served.url}\n`);
      if (served.madeToken !== null) effects.stderr.write(`token: ${served.madeToken}\n`);
      await asked;
      await served.close();
    });

function port(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError("It is a number up to 65535.");
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 3600) {
    throw new InvalidArgumentError("It is a number of seconds, up to 3600.");
  }
  return value;
}
