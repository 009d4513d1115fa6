import { openModelConnection } from "../models/context.ts";
import { loadSeeds } from "../models/seeds.ts";
import type { NotifyTarget } from "../notify-settings.ts";
import { findBrowser } from "../reports/browser.ts";
import { readSlots } from "../schedule/slots.ts";
import { inMemory, openWarehouse } from "../warehouse.ts";
import { type Check, failed, failedBy, ok, skipped, warning } from "./check.ts";

export const settingsChecks: readonly Check[] = [
  {
    name: "workspace",
    run: ({ workspace }) =>
      workspace instanceof Error ? failedBy(workspace) : ok(`${workspace.root} is a workspace.`),
  },
  {
    name: "tally.toml",
    run({ workspace, config }) {
      if (workspace instanceof Error) return skipped("There is no workspace to look at.");
      return config instanceof Error ? failedBy(config) : ok("Its settings are right.");
    },
  },
  {
    name: "files that you keep",
    async run({ workspace, config }) {
      if (workspace instanceof Error || config instanceof Error)
        return skipped("There are no settings to go by.");
      // In memory: the warehouse is opened by nobody but a writer.
      const memory = await openWarehouse(inMemory, { memoryLimit: "256MB", threads: 1 });
      try {
        const connection = await openModelConnection(memory);
        await loadSeeds(connection, workspace, config.prices.currency);
        connection.close();
        return ok("prices.csv and the other CSVs can be read.");
      } catch (error) {
        return failedBy(error);
      } finally {
        memory.close();
      }
    },
  },
  {
    name: "schedule",
    run({ effects, config }) {
      if (config instanceof Error) return skipped("There are no settings to go by.");
      try {
        const next = readSlots(config.schedule).after(effects.wallClock());
        const { cron, timeZone } = config.schedule;
        return next === null
          ? warning(
              `${JSON.stringify(cron)} names no time within nine years.`,
              "Mend cron under [schedule] in tally.toml.",
            )
          : ok(`${cron} in ${timeZone}: \`tally schedule\` would run next at ${next.toISOString()}.`);
      } catch (error) {
        return failedBy(error);
      }
    },
  },
  {
    name: "notifications",
    run({ effects: { env }, config }) {
      if (config instanceof Error) return skipped("There are no settings to go by.");
      if (config.notify.length === 0) return ok("None are asked for.");
      return config.notify.map(({ name, target }) => {
        const missing = variablesOf(target).find((variable) => !env[variable]);
        return missing === undefined
          ? ok(`${name} has what opens it.`)
          : failed(
              `${name} can't be told anything: the environment has no ${missing}.`,
              `Set ${missing} where tally runs, or mend its name under [[notify]] in tally.toml.`,
            );
      });
    },
  },
  {
    name: "browser for PDFs",
    run({ effects, config }) {
      if (config instanceof Error) return skipped("There are no settings to go by.");
      const formats = [
        config.reports.formats,
        ...config.reportSelections.map((selection) => selection.formats ?? []),
      ];
      if (!formats.flat().includes("pdf")) return ok("No report asks for a PDF.");
      try {
        return ok(`${findBrowser(effects)} prints them.`);
      } catch (error) {
        return failedBy(error);
      }
    },
  },
];

function variablesOf(target: NotifyTarget): string[] {
  const names =
    target.type === "webhook"
      ? [target.urlEnv, target.bearerEnv]
      : [target.type === "slack" ? target.urlEnv : target.passwordEnv];
  return names.filter((name) => name !== undefined);
}
