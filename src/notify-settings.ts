import { z } from "zod";
import { ConfigError } from "./errors/config-error.ts";

/** What is told of. */
export const notifyKinds = ["failure", "incomplete", "stale", "finding", "anomaly", "budget"] as const;

export type NotifyKind = (typeof notifyKinds)[number];

const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");
const address = z.string().regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, "an address such as finance@example.com");

const common = {
  name: z.string().trim().min(1).max(80).optional(),
  on: z
    .array(z.enum(notifyKinds))
    .min(1)
    .default([...notifyKinds]),
  min_monthly_waste: z.number().min(0).max(1_000_000_000_000).default(100),
  budget_shares: z.array(z.number().positive().max(100)).max(20).default([0.8, 1]),
  title: z.string().min(1).max(500).default("[tally {workspace}] {title}"),
  text: z.string().min(1).max(10_000).default("{title}\n\n{details}\n"),
};

/** A table `[[notify]]` of tally.toml: one channel, and what it is told of. */
export const notifyTable = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("webhook"),
    url: z.string().optional(),
    url_env: environmentName.optional(),
    bearer_env: environmentName.optional(),
    ...common,
  }),
  z.strictObject({ type: z.literal("slack"), url_env: environmentName, ...common }),
  z.strictObject({
    type: z.literal("email"),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(587),
    security: z.enum(["starttls", "tls", "none"]).default("starttls"),
    user: z.string().min(1).optional(),
    password_env: environmentName.optional(),
    from: address,
    to: z.array(address).min(1).max(100),
    ...common,
  }),
]);

export interface NotifyChannel {
  name: string;
  on: ReadonlySet<NotifyKind>;
  /** A finding that wastes less in a month, in the currency of its price, is not told of. */
  minMonthlyWaste: number;
  /** The shares of a budget at which its use is told of. */
  budgetShares: readonly number[];
  /** With {title}, {details}, {workspace}, {kind}, {count} and {at} to be filled in. */
  template: { title: string; text: string };
  target: NotifyTarget;
}

/** Where a channel leads. Whatever opens it is in the environment, under the name that is given here. */
export type NotifyTarget =
  | { type: "webhook"; url: string | undefined; urlEnv: string | undefined; bearerEnv: string | undefined }
  | { type: "slack"; urlEnv: string }
  | {
      type: "email";
      host: string;
      port: number;
      security: "starttls" | "tls" | "none";
      user: string | undefined;
      passwordEnv: string | undefined;
      from: string;
      to: readonly string[];
    };

/**
 * Reads the tables `[[notify]]`.
 *
 * @throws ConfigError that names the file and the channel, where it leads nowhere or holds what opens it
 */
export function readNotifyChannels(
  tables: readonly z.infer<typeof notifyTable>[],
  path: string,
): NotifyChannel[] {
  const names = new Set<string>();
  return tables.map((table, i) => {
    const name = table.name ?? `${table.type}-${i + 1}`;
    const fail = (problem: string, hint: string) =>
      new ConfigError(`${path}: [[notify]]: ${JSON.stringify(name)} ${problem}.`, { hint });
    if (names.has(name)) throw fail("is the name of two", "Give each a name of its own.");
    names.add(name);
    if (table.type === "webhook") requireUrl(table, fail);
    if (table.type === "email" && (table.user === undefined) !== (table.password_env === undefined)) {
      throw fail(
        "has only one of user and password_env",
        "Give both, or neither where the server asks for none.",
      );
    }
    return {
      name,
      on: new Set(table.on),
      minMonthlyWaste: table.min_monthly_waste,
      budgetShares: table.budget_shares.toSorted((a, b) => a - b),
      template: { title: table.title, text: table.text },
      target: targetOf(table),
    };
  });
}

function requireUrl(
  { url, url_env: urlEnv }: { url?: string | undefined; url_env?: string | undefined },
  fail: (problem: string, hint: string) => ConfigError,
): void {
  if ((url === undefined) === (urlEnv === undefined)) {
    throw fail(
      "needs one of url and url_env",
      'Write url = "https://…", or the variable that holds it as url_env.',
    );
  }
  if (url === undefined) return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" && parsed?.protocol !== "http:") {
    throw fail("has a url that is none", 'Write one such as url = "https://example.com/hook".');
  }
  if (parsed.username || parsed.password || parsed.hostname === "hooks.slack.com") {
    throw fail(
      "has a url that is a credential",
      "Put it into an environment variable, and name that as url_env.",
    );
  }
}

function targetOf(table: z.infer<typeof notifyTable>): NotifyTarget {
  switch (table.type) {
    case "webhook":
      return { type: "webhook", url: table.url, urlEnv: table.url_env, bearerEnv: table.bearer_env };
    case "slack":
      return { type: "slack", urlEnv: table.url_env };
    case "email": {
      const { host, port, security, user, password_env: passwordEnv, from, to } = table;
      return { type: "email", host, port, security, user, passwordEnv, from, to };
    }
  }
}
