/** What a cell of a workspace's CSV may hold. */
export interface CellKind {
  /** The DuckDB type of the column. */
  type: string;
  /** The cell as it is stored, or what is wrong with it. */
  read(text: string): { value: string } | { problem: string; mend: string };
}

/** Any text. */
export const text: CellKind = { type: "varchar", read: (value) => ({ value }) };

/** A number that is not negative, with so many digits before and after its point. */
export function decimal(whole: number, fraction: number): CellKind {
  return {
    type: `decimal(${whole + fraction}, ${fraction})`,
    read(value) {
      const mend = `Write a plain number such as 2.5: no sign, no currency, no comma, at most ${fraction} digits after the point.`;
      if (/^-\d*\.?\d+$/.test(value)) return { problem: "is negative", mend };
      const [, before, after = ""] = /^(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
      if (before === undefined) return { problem: "is not a decimal number", mend };
      if (before.replace(/^0+/, "").length > whole) return { problem: "is too large", mend };
      if (after.replace(/0+$/, "").length > fraction)
        return { problem: "has too many digits after the point", mend };
      return { value: `${before}.${after.slice(0, fraction) || "0"}` };
    },
  };
}

/** A whole number that is not negative. */
export const wholeNumber: CellKind = {
  type: "integer",
  read(value) {
    if (/^\d{1,9}$/.test(value)) return { value };
    return { problem: "is not a whole number", mend: "Write digits only, such as 14." };
  },
};

/** A number as above that is not 0 either. */
export function positive(kind: CellKind): CellKind {
  return {
    type: kind.type,
    read(value) {
      const result = kind.read(value);
      if ("problem" in result || /[1-9]/.test(result.value)) return result;
      return { problem: "is 0", mend: "Write what it is, or leave the row out where nobody knows." };
    },
  };
}

/** One of a few words, in whatever case, with `-` or a blank for `_`. */
export function oneOf(...words: readonly string[]): CellKind {
  return {
    type: "varchar",
    read(value) {
      const word = value.toLowerCase().replace(/[\s-]+/g, "_");
      if (words.includes(word)) return { value: word };
      return {
        problem: `is none of ${words.join(", ")}`,
        mend: "Write one of these, or leave the cell empty.",
      };
    },
  };
}

/** A day, as ISO 8601 writes it. */
export const date: CellKind = {
  type: "date",
  read(value) {
    if (isDay(value)) return { value };
    return { problem: "is not a day", mend: "Write it as YYYY-MM-DD, such as 2026-01-31." };
  },
};

/** A month, stored as its first day. */
export const month: CellKind = {
  type: "date",
  read(value) {
    if (/^\d{4}-\d\d$/.test(value) && isDay(`${value}-01`)) return { value: `${value}-01` };
    return { problem: "is not a month", mend: "Write it as YYYY-MM, such as 2026-01." };
  },
};

/** A currency, by its ISO 4217 code. */
export const currency: CellKind = {
  type: "varchar",
  read(value) {
    const code = value.toUpperCase();
    if (/^[A-Z]{3}$/.test(code)) return { value: code };
    return { problem: "is not a currency", mend: "Write its ISO 4217 code, such as USD." };
  },
};

function isDay(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || value.startsWith("0000")) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}
