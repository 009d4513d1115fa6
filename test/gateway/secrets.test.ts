import { expect, it } from "vitest";
import { secretsOf } from "../../src/gateway/secrets.ts";
import { acme, withGateway } from "./acme.ts";
import { get } from "./signed-client.ts";

it("bodies hold secrets where the reference has them, each of which a test can look for", async () => {
  const organization = acme();
  const secrets = secretsOf(organization);
  await withGateway({ organization }, async (endpoint) => {
    const templates = (await get(endpoint, "/projects/project-beta/compute/instance-templates")).text;
    const keys = (await get(endpoint, "/users/ssh-keys")).text;
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(15);
      expect(templates.includes(secret) || keys.includes(secret)).toBe(true);
    }
    const [template] = (JSON.parse(templates) as { items: Record<string, string>[] }).items;
    for (const field of ["startup_script", "shutdown_script", "ssh_public_key"]) {
      expect(secrets.some((secret) => template?.[field]?.includes(secret))).toBe(true);
    }
  });
  // Two in scripts, the template's key and the user's.
  expect(secrets).toHaveLength(4);
});
