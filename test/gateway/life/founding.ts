import { parseScenario } from "../../../src/gateway/scenario/load.ts";
import type { Gateway } from "../../../src/gateway/server.ts";
import { start } from "../acme.ts";
import { askJson } from "../signed-client.ts";
import { project, type Real, sshKey } from "./asking.ts";
import { begin, location, operationSeconds, scenario, scratchGib, smallL40s } from "./rules.ts";

/** Serves the organisation in which nothing is yet, but a template for each way of making several VMs. */
export async function found(defects: unknown[]): Promise<{ gateway: Gateway; real: Real }> {
  const organization = parseScenario(scenario, "life.yaml");
  const gateway = await start({
    organization,
    clock: () => new Date(begin * 1000),
    quirks: { operationSeconds, operationsKeptHours: 24 * 1000 },
    onDefect: (error) => defects.push(error),
  });
  const { endpoint } = gateway;
  const template = (template_name: string, type: string, sizes: number[]) =>
    askJson(endpoint, "POST", `${project}/compute/instance-templates`, {
      template_name,
      type,
      location,
      ssh_public_key: sshKey,
      disks: sizes.map((gib) => ({ size: `${gib}GiB`, type: "persistent-ssd" })),
    });
  const batch = await template("batch", smallL40s, [scratchGib]);
  const pool = await template("pool", "c1a.4x", []);
  const group = await askJson(endpoint, "POST", `${project}/compute/instance-groups`, {
    name: "pool",
    template_id: pool.id,
    desired_count: 0,
  });
  const advance = (seconds: number) => gateway.clock.advance({ seconds });
  return { gateway, real: { endpoint, advance, templateId: String(batch.id), groupId: String(group.id) } };
}
