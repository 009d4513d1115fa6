import { afterAll, beforeAll, expect } from "vitest";
import type { Gateway, GatewayOptions } from "../../src/gateway/server.ts";
import { acme, start } from "./acme.ts";
import {
  ask,
  askJson,
  getItems,
  getJson,
  type Item,
  type Key,
  key,
  type Parameters,
} from "./signed-client.ts";

/** Who may only look, where a gateway knows both. */
export const viewer: Key = { accessKeyId: "viewer-key", secretKey: key.secretKey };

/** A gateway for the whole file, whose clock stands until a test moves it, and what a client does with it. */
export function moved(options: Partial<GatewayOptions> = {}) {
  const organization = options.organization ?? acme();
  const defects: unknown[] = [];
  let gateway: Gateway | undefined;
  const running = (): Gateway => {
    if (!gateway) throw new Error("the gateway is not up yet");
    return gateway;
  };
  beforeAll(async () => {
    gateway = await start({
      organization,
      accessKeys: [key, { ...viewer, role: "viewer" }],
      onDefect: (error) => defects.push(error),
      ...options,
    });
  });
  afterAll(async () => {
    await gateway?.close();
    expect(defects).toEqual([]);
  });
  return {
    organization,
    get endpoint() {
      return running().endpoint;
    },
    now: () => running().clock.now(),
    advance: (seconds: number) => running().clock.advance({ seconds }),
    moveTo: (time: string) => running().clock.advance({ to: new Date(time) }),
    one: (path: string) => getJson(running().endpoint, path),
    items: (path: string, parameters: Parameters = {}) => getItems(running().endpoint, path, parameters),
    /** What a request that is done at once answers. */
    does: (
      method: string,
      path: string,
      body?: unknown,
      options: { key?: Key; parameters?: Parameters } = {},
    ) => askJson(running().endpoint, method, path, body, options),
    /** Begins an operation, and says which, and of what. */
    async begins(method: string, path: string, body?: unknown): Promise<{ operationId: string; id: string }> {
      const { operation } = await askJson<{ operation: Item }>(running().endpoint, method, path, body);
      expect(operation).toMatchObject({ state: "IN_PROGRESS", completed_at: "", result: {} });
      return { operationId: String(operation.operation_id), id: (operation.metadata as { id: string }).id };
    },
    /** The status and message that a request is refused with. */
    async refusal(
      method: string,
      path: string,
      body?: unknown,
      options: { key?: Key; parameters?: Parameters } = {},
    ): Promise<string> {
      const { status, text } = await ask(running().endpoint, method, path, body, options);
      const error = JSON.parse(text) as { code?: string; message?: string };
      if (status !== 200) expect(error.code).toBe(String(status));
      return `${status} ${error.message ?? ""}`.trimEnd();
    },
  };
}
