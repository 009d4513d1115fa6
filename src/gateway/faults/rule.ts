import { z } from "zod";
import { type Instant, parseInstant } from "../instant.ts";
import type { FaultKind } from "./hit.ts";
import { type FaultKindName, faultKinds } from "./kinds.ts";

const instant = z.string().transform((text, context): Instant => {
  const found = parseInstant(text);
  if (found !== null) return found;
  context.addIssue({ code: "custom", message: "not a date (2026-01-31) or a UTC time (2026-01-31T06:00Z)" });
  return z.NEVER;
});

/** What every rule takes: which requests it is for, and how many of them. */
const selection = {
  /** The share of these requests that is struck. Default all. */
  rate: z.number().min(0).max(1).default(1),
  /** Of paths such as `/locations`, without version: `*` and `{name}` are one segment, `**` is any. */
  path: z.string().min(1).optional(),
  method: z.string().min(1).optional(),
  /** So many are struck, and no more. */
  times: z.number().int().min(0).optional(),
  /** So many are struck of requests for the same path and query, and no more. */
  times_each: z.number().int().min(0).optional(),
  /** So many go by before it begins. */
  after: z.number().int().min(0).default(0),
  /** Where one was struck, the next are as well until it is so many in a row. */
  burst: z.number().int().min(1).default(1),
  /** From when to when, by the gateway's clock. */
  from: instant.optional(),
  to: instant.optional(),
};

const selectionSchema = z.object(selection);
export type FaultSelection = z.output<typeof selectionSchema>;
type SelectionInput = z.input<typeof selectionSchema>;

type ParametersOf<Kind> =
  Kind extends FaultKind<infer Shape>
    ? // Of no parameters zod makes an object that has none whatever, not even a kind.
      [keyof Shape] extends [never]
      ? unknown
      : z.input<z.ZodObject<Shape>>
    : never;

/**
 * A rule of what is to go wrong: a kind, its parameters, and which requests it is for. `any` is another of the
 * kinds that pass for each request that it strikes.
 *
 * @example { kind: "rate-limit", rate: 0.3, path: "/organizations/{id}/usage", form: "date" }
 */
export type FaultInput =
  | ({ kind: "any" } & SelectionInput)
  | {
      [Name in FaultKindName]: { kind: Name } & SelectionInput & ParametersOf<(typeof faultKinds)[Name]>;
    }[FaultKindName];

/** A rule that was found good. */
export interface FaultRule extends FaultSelection {
  kind: FaultKindName | "any";
  /** Those of the kind, with what it was by default. */
  parameters: Readonly<Record<string, unknown>>;
  /** As it was given. */
  given: FaultInput;
}

/** Makes a rule of something that came from outside; says what is wrong with it otherwise. */
export function readFaultRule(given: unknown): { rule: FaultRule } | { mistake: string } {
  const kind = typeof given === "object" && given !== null && "kind" in given ? given.kind : undefined;
  if (!isKind(kind)) {
    const known = ["any", ...Object.keys(faultKinds)].join(", ");
    return { mistake: `${JSON.stringify(kind) ?? "nothing"} is no kind of fault; there are ${known}` };
  }
  const own = z.object(kind === "any" ? {} : faultKinds[kind].parameters);
  const schema = z.strictObject({ kind: z.literal(kind), ...selection, ...own.shape });
  const parsed = schema.safeParse(given);
  if (!parsed.success) return { mistake: mistakeOf(parsed.error, Object.keys(schema.shape)) };
  return {
    rule: {
      ...selectionSchema.parse(picked(given as object, selection)),
      kind,
      parameters: own.parse(picked(given as object, own.shape)),
      given: given as FaultInput,
    },
  };
}

const isKind = (kind: unknown): kind is FaultRule["kind"] =>
  kind === "any" || (typeof kind === "string" && Object.hasOwn(faultKinds, kind));

const picked = (from: object, shape: object): object =>
  Object.fromEntries(Object.entries(from).filter(([name]) => Object.hasOwn(shape, name)));

function mistakeOf({ issues: [issue] }: z.ZodError, names: readonly string[]): string {
  if (issue?.code === "unrecognized_keys") {
    return `${JSON.stringify(issue.keys[0])} is no key of that fault; it takes ${names.slice(1).join(", ")}`;
  }
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`;
}
