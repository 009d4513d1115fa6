import { type Answer, refused } from "./answer.ts";
import type { GatewayRequest } from "./exchange.ts";
import { instantOf } from "./instant.ts";
import { indexInventory } from "./inventory.ts";
import { meterResources } from "./metering.ts";
import { parseQuery } from "./query.ts";
import { type Quirks, referenceQuirks } from "./quirks.ts";
import { Refusal } from "./refusal.ts";
import type { Derived } from "./route.ts";
import { findRoute } from "./routes.ts";
import { verifySignature } from "./signature.ts";
import type { AccessKey, Organization } from "./state.ts";

export interface Answering {
  organization: Organization;
  clock: () => Date;
  wallClock: () => Date;
  accessKeys: readonly AccessKey[];
  quirks?: Partial<Quirks> | undefined;
  onDefect?: ((error: unknown) => void) | undefined;
}

/**
 * Makes the one function that every request passes through, from its first line to its answer. A signature may
 * be fresh by any of `clocks`: the gateway's own and the machine's, unless others are given.
 */
export function answerer(options: Answering): (request: GatewayRequest, clocks?: readonly Date[]) => Answer {
  const { organization, clock, wallClock, accessKeys } = options;
  const quirks = { ...referenceQuirks, ...options.quirks };
  const keys = new Map(accessKeys.map((key) => [key.accessKeyId, key]));
  let derived = derive(organization, quirks);
  return ({ method, target, headers }, clocks) => {
    try {
      if (target.length > quirks.maxTargetLength) throw new Refusal(414);
      const [path, query] = takeApart(target);
      const now = clock();
      const accessKey = verifySignature(
        {
          method,
          path,
          query,
          authorization: headers.authorization,
          timestamp: String(headers["x-crusoe-timestamp"] ?? ""),
        },
        keys,
        clocks ?? [now, wallClock()],
      );
      const version = /^\/v1(?:alpha5)?(?=\/)/.exec(path);
      if (!version) throw new Refusal(404, "the API has the versions /v1 and /v1alpha5");
      const { route, params } = findRoute(method, path.slice(version[0].length));
      const notOffered = quirks.notOffered[route.pattern];
      if (notOffered) throw new Refusal(notOffered, "not offered to this account");
      if (derived.revision !== organization.revision) derived = derive(organization, quirks);
      return route.handle({ organization, derived, at: instantOf(now), accessKey, query, params, quirks });
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      options.onDefect?.(error);
      return refused(new Refusal(500));
    }
  };
}

function takeApart(target: string): [path: string, query: ReturnType<typeof parseQuery>] {
  if (!target.startsWith("/")) throw new Refusal(400, "the request line has no path");
  const mark = target.indexOf("?");
  return mark < 0 ? [target, parseQuery("")] : [target.slice(0, mark), parseQuery(target.slice(mark + 1))];
}

const derive = (organization: Organization, { gpuMetric }: Quirks): Derived => ({
  revision: organization.revision,
  inventory: indexInventory(organization),
  metered: meterResources(organization, { gpuMetric }),
});
