import type { Instant } from "./instant.ts";
import type { Former } from "./state.ts";

/** Resources that clients may change: each knows what it was before, so that it can be told as of any instant. */
type Changeable<Fields> = { formerly?: Former<Fields>[] };

/** The resource as it was at that instant. */
export function asOf<T extends Changeable<object>>(resource: T, at: Instant): T {
  const since = (resource.formerly ?? []).filter(({ until }) => at < until).map(({ was }) => was);
  // Of several that tell of the same field, the first holds: it is the one that was next to be changed.
  return since.length === 0 ? resource : { ...resource, ...Object.assign({}, ...since.reverse()) };
}

/** When it last changed, as known at that instant. */
export const changedAt = (resource: Changeable<object> & { createdAt: Instant }, at: Instant): Instant =>
  resource.formerly?.findLast(({ until }) => until <= at)?.until ?? resource.createdAt;

/** From that instant on the resource is as `changes` say; what they leave undefined stays. */
export function changeFrom<Fields extends object>(
  resource: Fields & Changeable<Fields>,
  at: Instant,
  changes: { [Name in keyof Fields]?: Fields[Name] | undefined },
): void {
  const was: Partial<Fields> = {};
  for (const name of Object.keys(changes) as (keyof Fields)[]) {
    const value = changes[name];
    if (value === undefined) continue;
    was[name] = resource[name];
    resource[name] = value as (Fields & Changeable<Fields>)[keyof Fields];
  }
  resource.formerly = [...(resource.formerly ?? []), { until: at, was }];
}
