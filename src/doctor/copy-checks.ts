import { NoSharedWarehouseError } from "../errors/no-shared-warehouse-error.ts";
import { checkObjectStore } from "../exports/object-store.ts";
import { checkPostgres } from "../exports/postgres.ts";
import { loadExtension } from "../extensions.ts";
import { neededExtensions } from "../needed-extensions.ts";
import { attachToRead } from "../shared-warehouse/attach.ts";
import { readWriters } from "../shared-warehouse/writers.ts";
import { inMemory, openWarehouse } from "../warehouse.ts";
import { type Check, type Finding, failedBy, ok, skipped, warning } from "./check.ts";

export const copyChecks: readonly Check[] = [
  {
    name: "DuckDB extensions",
    async run({ effects, root, config }) {
      if (config instanceof Error) return skipped("There are no settings to go by.");
      const needed = neededExtensions(config, effects, root);
      if (needed.length === 0) return ok("No setting needs one.");
      const memory = await openWarehouse(inMemory, config.warehouse);
      try {
        const findings: Finding[] = [];
        for (const each of needed) {
          findings.push(
            await loadExtension(memory, each).then(
              () => ok(`${each.extension} is there, for ${each.setting}.`),
              failedBy,
            ),
          );
        }
        return findings;
      } finally {
        memory.close();
      }
    },
  },
  {
    name: "PostgreSQL",
    async run({ effects, config }) {
      if (config instanceof Error) return skipped("There are no settings to go by.");
      const { postgres } = config.publish;
      if (postgres === undefined) return ok("Nothing is copied there.");
      try {
        return ok(`${await checkPostgres({ effects, config }, postgres)} can be written.`);
      } catch (error) {
        return failedBy(error);
      }
    },
  },
  {
    name: "shared warehouse",
    async run({ effects, workspace, config }) {
      if (workspace instanceof Error || config instanceof Error)
        return skipped("There are no settings to go by.");
      const { target } = config;
      if (target === undefined) return ok("There is none.");
      const memory = await openWarehouse(inMemory, config.warehouse);
      try {
        const attached = await attachToRead(memory, { effects, workspace }, target);
        const writers = await readWriters(memory, attached);
        const names = writers.map((writer) => writer.workspace).join(", ");
        return ok(
          `${attached.shown} can be read, and has ${names || "no workspace yet"}; this workspace is called ${target.writer} there.`,
        );
      } catch (error) {
        return error instanceof NoSharedWarehouseError
          ? warning(error.message, "The first run makes it; mend its address where it should be there.")
          : failedBy(error);
      } finally {
        memory.close();
      }
    },
  },
  {
    name: "object store",
    async run({ effects, config }) {
      if (config instanceof Error) return skipped("There are no settings to go by.");
      const { objectStore } = config.publish;
      if (objectStore === undefined) return ok("Nothing is copied there.");
      try {
        await checkObjectStore({ effects, config }, objectStore);
        return ok(`${objectStore} can be listed.`);
      } catch (error) {
        return failedBy(error);
      }
    },
  },
];
