import { z } from "zod";
import { ConfigError } from "./errors/config-error.ts";

/** A table `[[shared_cost]]` of tally.toml: a cost that several bear, and by which key. */
export const sharedCostTable = z.strictObject({
  name: z.string().trim().min(1).max(80),
  projects: z.array(z.string().min(1)).default([]),
  unused_reservations: z.boolean().default(false),
  key: z.enum(["even", "usage", "fixed"]),
});

/** A cost that several projects bear. */
export interface SharedCost {
  name: string;
  /** The projects whose cost is shared; they bear no part of any shared cost. */
  projectIds: string[];
  /** Whether the cost of unused reservations is part of it. */
  hasUnusedReservations: boolean;
  /** Evenly, by GPU-hours, or by the shares of shared-costs.csv. */
  key: "even" | "usage" | "fixed";
}

/**
 * Reads the tables `[[shared_cost]]`: each shares something, and nothing is shared twice.
 *
 * @throws ConfigError that names the file and the two tables that both share a thing
 */
export function readSharedCosts(
  tables: readonly z.infer<typeof sharedCostTable>[],
  path: string,
): SharedCost[] {
  const shares = new Map<string, string>();
  const once = (thing: string, name: string) => {
    const other = shares.get(thing);
    if (other !== undefined) {
      throw new ConfigError(
        `${path}: [[shared_cost]]: ${JSON.stringify(other)} and ${JSON.stringify(name)} both share ${thing}.`,
        {
          hint: "Take it out of one of the two: a cost is shared once.",
        },
      );
    }
    shares.set(thing, name);
  };
  const names = new Set<string>();
  for (const { name, projects, unused_reservations: isUnused } of tables) {
    if (names.has(name)) {
      throw new ConfigError(`${path}: [[shared_cost]]: two have the name ${JSON.stringify(name)}.`, {
        hint: "Give each a name of its own: tables and shared-costs.csv call it so.",
      });
    }
    names.add(name);
    if (projects.length === 0 && !isUnused) {
      throw new ConfigError(`${path}: [[shared_cost]]: ${JSON.stringify(name)} shares nothing.`, {
        hint: 'Give it projects = ["…"], by their ids, or unused_reservations = true.',
      });
    }
    for (const project of projects) once(`the project ${project}`, name);
    if (isUnused) once("unused reservations", name);
  }
  return tables.map(({ name, projects, unused_reservations: hasUnusedReservations, key }) => ({
    name,
    projectIds: projects,
    hasUnusedReservations,
    key,
  }));
}
