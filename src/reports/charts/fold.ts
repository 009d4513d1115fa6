import { loadArquero } from "./arquero.ts";

/** What is drawn of one thing: its figure as a double, and whether it stands for many. */
export interface Folded {
  key: string;
  value: number;
  previous: number | null;
  /** The number of things that this one stands for. */
  count: number;
}

/**
 * The first `kept` of the things, and all others as one, called `other`; the order of the rest is kept.
 * Nothing is folded where the fold would hide only one.
 */
export async function foldTail(
  things: readonly { key: string; value: number; previous: number | null }[],
  kept: number,
  other: string,
): Promise<Folded[]> {
  if (things.length <= kept + 1) return things.map((thing) => ({ ...thing, count: 1 }));
  const { table, op, escape: plainly } = await loadArquero();
  return table({
    position: things.map((_, i) => i),
    key: things.map(({ key }) => key),
    value: things.map(({ value }) => value),
    previous: things.map(({ previous }) => previous),
  })
    .derive({
      fold: plainly(({ position, key }: { position: number; key: string }) =>
        position < kept ? key : other,
      ),
      rank: plainly(({ position }: { position: number }) => Math.min(position, kept)),
    })
    .groupby("rank", "fold")
    .rollup({
      value: op.sum("value"),
      previous: op.sum("previous"),
      known: op.valid("previous"),
      count: op.count(),
    })
    .orderby("rank")
    .objects()
    .map((row) => {
      const { fold, value, previous, known, count } = row as Record<"fold", string> &
        Record<"value" | "previous" | "known" | "count", number>;
      return { key: fold, value, previous: known > 0 ? previous : null, count };
    });
}
