import { isCollection, isMap, isPair, LineCounter, type Node, parseDocument } from "yaml";
import { ConfigError } from "../../errors/config-error.ts";

/** A scenario's text, taken apart, which knows where each of its keys stands. */
export interface ScenarioSource {
  document: unknown;
  /** An error about what stands under those keys: it names the file, the line, and the path of the keys. */
  errorAt: (path: string | readonly PropertyKey[], reason: string, hint: string) => ConfigError;
}

/**
 * Reads YAML; `name` is what errors call it.
 *
 * @throws ConfigError that names file and line where it is none
 */
export function readSource(text: string, name: string): ScenarioSource {
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines });
  const [mistake] = parsed.errors;
  if (mistake) {
    const { line, col } = lines.linePos(mistake.pos[0]);
    const reason = mistake.message.split(/ at line |\n/)[0] ?? "";
    throw new ConfigError(
      `${name}:${line}: not valid YAML, in column ${col}: ${reason.replace(/\.$/, "")}.`,
      {
        hint: "Mend that line; https://yaml.org shows the format.",
      },
    );
  }
  const errorAt = (path: string | readonly PropertyKey[], reason: string, hint: string) => {
    const keys = typeof path === "string" ? keysOf(path) : path;
    const line = lines.linePos(offsetOf(parsed.contents, keys)).line || 1;
    return new ConfigError(`${name}:${line}: ${textOf(keys) || "the file"}: ${reason}.`, { hint });
  };
  try {
    return { document: parsed.toJS(), errorAt };
  } catch (error) {
    // Aliases that lead nowhere, or unfold without measure.
    const reason = error instanceof Error ? error.message : String(error);
    throw errorAt([], reason.replace(/\.$/, ""), "Mend the alias; https://yaml.org shows the format.");
  }
}

/** Where what the keys lead to begins; of keys that lead nowhere, the last thing on the way there. */
function offsetOf(contents: Node | null, keys: readonly PropertyKey[]): number {
  let node: unknown = contents;
  let offset = contents?.range?.[0] ?? 0;
  for (const key of keys) {
    if (!isCollection(node)) break;
    const found: unknown = isMap(node)
      ? node.items.find((pair) => String(pair.key) === String(key))
      : node.items[Number(key)];
    if (found === undefined) break;
    const [place, next] = isPair(found) ? [found.key, found.value] : [found, found];
    offset = (place as Node).range?.[0] ?? offset;
    node = next;
  }
  return offset;
}

/** `vms[0].name` as its keys. */
const keysOf = (path: string): PropertyKey[] =>
  [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key = ""]) =>
    index === undefined ? key : Number(index),
  );

const textOf = (keys: readonly PropertyKey[]): string =>
  keys
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
