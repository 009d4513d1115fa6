/** Where an answer is not what the contract says, and how. It never quotes the answer itself. */
export interface Misshape {
  /** The place within the answer, such as `items` or `items[3].quantity`; `$` for the whole. */
  path: string;
  /** To stand after the path, such as `is an object, not a list`. */
  reason: string;
}

/** What a JSON value is, by its first byte. */
export function kindOfJson(byte: number): string {
  switch (byte) {
    case 0x7b:
      return "an object";
    case 0x5b:
      return "a list";
    case 0x22:
      return "a text";
    case 0x74:
    case 0x66:
      return "true or false";
    case 0x6e:
      return "null";
    default:
      return "a number";
  }
}

/** Keys that an empty list may come with instead of its rows. */
const besideNoRows = /token|total|count|page|limit|size|updated|metadata/i;

/**
 * What is wrong with the keys at the top of an answer. An empty object is an empty list, since some servers
 * leave out what is empty; an object that holds something else is no list at all.
 */
export function misshapeOfKeys(
  keys: ReadonlySet<string>,
  rowsKey: string | null,
  expected: readonly string[],
): Misshape | null {
  if (rowsKey === null) {
    return keys.size === 0 || expected.some((key) => keys.has(key))
      ? null
      : { path: "$", reason: "has none of the fields that it should have" };
  }
  if (keys.has(rowsKey) || [...keys].every((key) => besideNoRows.test(key))) return null;
  return { path: rowsKey, reason: "is missing" };
}
