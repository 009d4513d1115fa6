/** An address of a database as libpq takes it, and how it may be shown. */
export interface PostgresAddress {
  text: string;
  /** The same without what opens it. */
  shown: string;
  /** Strikes out of a message what must not be read in it. */
  redact(message: string): string;
}

const urlStart = /^postgres(ql)?:\/\//i;
/** A value of `key = value`, which may be quoted, with quotes and backslashes escaped. */
const secretPair = /((?:^|\s)(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)+)/gi;
const secretParameter = /([?&](?:ssl)?password=)([^&#]*)/gi;
/**
 * The user and the password stand before the last @ of what comes before the path. A password that holds a slash which
 * should have been encoded ends what libpq takes, and is a secret all the same; a port is none.
 */
const secretsOfUser = [
  /^(postgres(?:ql)?:\/\/[^:@/?#[]*):([^/?#]*)@/i,
  /^(postgres(?:ql)?:\/\/[^:@/?#[]*):(?!\d*(?:[,/?#]|$))(.*)@/i,
];

/** Whether an address holds a password of any kind. */
export function holdsPassword(text: string): boolean {
  return secretsOf(text.trim()).length > 0;
}

/** Reads an address: a URL such as `postgresql://tally@db.example.com/costs`, or `host=… dbname=… user=…`. */
export function readPostgresAddress(given: string): PostgresAddress {
  const text = given.trim();
  const shown = withoutSecrets(text);
  const secrets = secretsOf(text)
    .flatMap((secret) => [secret, decoded(secret), unquoted(secret)])
    .filter((secret) => secret !== "")
    // The longest first, since one may be part of another.
    .toSorted((a, b) => b.length - a.length);
  return {
    text,
    shown,
    redact: (message) =>
      secrets.reduce(
        (kept, secret) => kept.replaceAll(secret, "[password]"),
        message.replaceAll(text, shown),
      ),
  };
}

function withoutSecrets(text: string): string {
  return urlStart.test(text)
    ? text.replace(secretOfUser(text), "$1@").replace(secretParameter, "$1…")
    : text.replace(secretPair, "$1…");
}

function secretOfUser(text: string): RegExp {
  return secretsOfUser.find((form) => form.test(text)) ?? /(?!)/;
}

function secretsOf(text: string): string[] {
  const found = urlStart.test(text)
    ? [secretOfUser(text).exec(text)?.[2], ...[...text.matchAll(secretParameter)].map(([, , value]) => value)]
    : [...text.matchAll(secretPair)].map(([, , value]) => value);
  return found.flatMap((secret) => (secret ? [secret] : []));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unquoted(text: string): string {
  return text.replace(/^'|'$/g, "").replace(/\\(.)/gs, "$1");
}
