import { z } from "zod";
import { instant, lifetime, name } from "./values.ts";

export const firewallRule = z.strictObject({
  name,
  project: name,
  action: z.enum(["allow", "deny"]).default("allow"),
  direction: z.enum(["ingress", "egress"]).default("ingress"),
  protocols: z.array(z.string()),
  sources: z.array(z.string()),
  destination_ports: z.array(z.string()).default([]),
});

/** A network besides the one that every project is given. */
export const network = z.strictObject({
  name,
  project: name,
  subnets: z.array(z.strictObject({ name, location: name })).default([]),
  ...lifetime,
});

export const loadBalancer = z
  .strictObject({
    name,
    project: name,
    /** Whose running VMs it spreads load over. */
    fleet: name.optional(),
    /** Instead, the VMs that it spreads load over for as long as it lives, whatever becomes of them. */
    vms: z.array(name).optional(),
    /** Default: where the fleet or the first of the VMs is. */
    location: name.optional(),
    is_internal: z.boolean().default(false),
    port: z.number().int().min(1).max(65_535),
    backend_port: z.number().int().min(1).max(65_535),
    created: instant,
    deleted: instant.optional(),
  })
  .refine((one) => (one.fleet === undefined) !== (one.vms === undefined), "names either a fleet or vms")
  .refine((one) => one.vms?.length !== 0 || one.location, {
    path: ["location"],
    message: "needed where it has no VM",
  });
