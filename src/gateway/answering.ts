import { type Answer, refused } from "./answer.ts";
import { jsonOf } from "./body.ts";
import { credentialsOf } from "./credentials.ts";
import { deriver } from "./derived.ts";
import type { GatewayRequest } from "./exchange.ts";
import { instantOf } from "./instant.ts";
import { requireRole } from "./permissions.ts";
import { parseQuery } from "./query.ts";
import { type Quirks, quirksOf } from "./quirks.ts";
import { Refusal } from "./refusal.ts";
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
  const quirks = { ...quirksOf(organization.quirks), ...options.quirks };
  const credentials = credentialsOf(organization, accessKeys);
  const derived = deriver(organization, quirks);
  return ({ method, target, headers, body }, clocks) => {
    try {
      if (target.length > quirks.maxTargetLength) throw new Refusal(414);
      const [path, query] = takeApart(target);
      const now = clock();
      const at = instantOf(now);
      const accessKey = verifySignature(
        {
          method,
          path,
          query,
          authorization: headers.authorization,
          timestamp: String(headers["x-crusoe-timestamp"] ?? ""),
        },
        (accessKeyId) => credentials.keyOf(accessKeyId, at),
        clocks ?? [now, wallClock()],
      );
      credentials.noteUse(accessKey, at);
      const version = /^\/v1(?:alpha5)?(?=\/)/.exec(path);
      if (!version) throw new Refusal(404, "the API has the versions /v1 and /v1alpha5");
      const { route, params } = findRoute(method, path.slice(version[0].length));
      const notOffered = quirks.notOffered[route.pattern];
      if (notOffered) throw new Refusal(notOffered, "not offered to this account");
      requireRole(organization, accessKey, route.need);
      const about = { organization, derived: derived(), refresh: derived, at, accessKey };
      return route.handle({ ...about, query, params, quirks, body: jsonOf(body) });
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
