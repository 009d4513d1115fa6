import type { Instant } from "../instant.ts";
import { hexOf, uuidOf } from "../random.ts";
import {
  type Disk,
  emptyOrganization,
  type Organization,
  type Project,
  type Reservation,
  type Vm,
} from "../state.ts";
import type { ScenarioFile } from "./format.ts";
import { type NetworkPlan, planNetwork } from "./network.ts";
import type { ScenarioSource } from "./source.ts";

/** An organisation while its scenario is lived through, and what the file's entries name each other by. */
export interface Build {
  file: ScenarioFile;
  organization: Organization;
  network: NetworkPlan;
  /** Until when life goes on. */
  until: Instant;
  locations: Map<string, string>;
  types: Map<string, string>;
  projects: Map<string, Project>;
  reservations: Map<string, Reservation>;
  vmsByFleet: Map<string, Vm[]>;
  vmsByName: Map<string, Vm>;
  disksByName: Map<string, Disk>;
  /**
   * What an entry names.
   *
   * @throws ConfigError that names the file, the line and the key where there is no such thing
   */
  find: <T>(things: ReadonlyMap<string, T>, name: string, path: string) => T;
  /**
   * Keeps a thing under its name.
   *
   * @throws ConfigError that names the file, the line and the key where the name is taken
   */
  keep: <T>(things: Map<string, T>, name: string, thing: T, path: string) => void;
}

export function beginBuild(file: ScenarioFile, source: ScenarioSource): Build {
  const id = file.organization.id ?? uuidOf(file.seed, "organization");
  const organization = emptyOrganization({
    id,
    name: file.organization.name,
    now: new Date(file.now * 1000),
  });
  return {
    file,
    organization,
    network: planNetwork(organization, file.seed),
    until: Math.max(file.until ?? file.now, file.now),
    locations: new Map(file.locations.map((location) => [location, location])),
    types: new Map(file.vm_types.map(({ product_name }) => [product_name, product_name])),
    projects: new Map(),
    reservations: new Map(),
    vmsByFleet: new Map(),
    vmsByName: new Map(),
    disksByName: new Map(),
    find(things, name, path) {
      const found = things.get(name);
      if (found !== undefined) return found;
      const names = [...things.keys()].slice(0, 12).join(", ");
      throw source.errorAt(
        path,
        `there is no ${JSON.stringify(name)} in this file`,
        `It has ${names || "none of that kind"}.`,
      );
    },
    keep(things, name, thing, path) {
      if (things.has(name)) {
        throw source.errorAt(
          path,
          `the name ${JSON.stringify(name)} is taken by an entry above`,
          "Give one of them another name: other entries could not tell which is meant.",
        );
      }
      things.set(name, thing);
    },
  };
}

/** A key of the right form that nobody has the other half of. */
export const sshPublicKey = (seed: ScenarioFile["seed"], name: string): string => {
  const prefix = "0000000b7373682d6564323535313900000020";
  return `ssh-ed25519 ${Buffer.from(prefix + hexOf(64, seed, "ssh-key", name), "hex").toString("base64")}`;
};
