import { AsyncLocalStorage } from "node:async_hooks";
import type { View } from "vega";
import type { TopLevelSpec } from "vega-lite";

/** The charts that were compiled so far, by their shape, and the drawing that is under way. */
interface Views {
  byShape: Map<string, View>;
  /** A view draws one thing at a time. */
  last: Promise<unknown>;
}

const current = new AsyncLocalStorage<Views>();

/**
 * Runs what draws many charts: those that differ in nothing but their rows, such as the same chart of three
 * hundred projects, are compiled once, which is most of the work.
 */
export async function withViews<T>(work: () => Promise<T>): Promise<T> {
  const views: Views = { byShape: new Map(), last: Promise.resolve() };
  try {
    return await current.run(views, work);
  } finally {
    for (const view of views.byShape.values()) view.finalize();
  }
}

/** A chart as the SVG that Vega writes. */
export async function svgOf(spec: TopLevelSpec): Promise<string> {
  const views = current.getStore();
  if (!views) return withViews(() => svgOf(spec));
  const drawn = views.last.then(() => drawWith(views, spec));
  views.last = drawn.catch(() => undefined);
  return drawn;
}

async function drawWith({ byShape }: Views, spec: TopLevelSpec): Promise<string> {
  const { shape, rows } = takeApart(spec);
  const key = JSON.stringify(shape);
  const view = byShape.get(key) ?? (await compiled(shape));
  byShape.set(key, view);
  for (const [name, values] of rows) view.data(name, values);
  return view.toSVG();
}

/** Vega is loaded here, so that no other command waits for it. */
async function compiled(shape: TopLevelSpec): Promise<View> {
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  return new View(parse(compile(shape).spec), { renderer: "none" });
}

type Tree = Readonly<Record<string, unknown>>;

/** A specification with names in the place of its rows, and the rows by these names. */
function takeApart(spec: TopLevelSpec) {
  const rows = new Map<string, object[]>();
  const named = (tree: Tree): Tree => {
    const { data, layer } = tree as { data?: { values?: object[] }; layer?: Tree[] };
    const name = `rows_${rows.size}`;
    // Vega marks the rows that it takes.
    if (data?.values)
      rows.set(
        name,
        data.values.map((row) => ({ ...row })),
      );
    return {
      ...tree,
      ...(data?.values && { data: { name } }),
      ...(layer && { layer: layer.map(named) }),
    };
  };
  return { shape: named(spec as unknown as Tree) as unknown as TopLevelSpec, rows };
}
