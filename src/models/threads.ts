import type { Warehouse } from "../warehouse.ts";

/** The threads that DuckDB has beside those on which connections wait for it. */
export interface Threads {
  /** Gives all back, for work that takes long; done again, it does nothing. */
  giveBack(): Promise<void>;
}

/**
 * Takes all threads but one. A query of few rows gains nothing by several, which look for work in turns then: a tenth of
 * a night went there. Several such queries at once keep the processors busy by themselves. To change the number
 * makes DuckDB hand its memory back to the system, so that it is not done around each of many models.
 */
export async function takeThreads(warehouse: Warehouse): Promise<Threads> {
  const connection = await warehouse.connect();
  const all = await connection.first<{ threads: number }>(
    "select current_setting('threads')::integer as threads",
  );
  const set = (threads: number) => connection.run(`set threads = ${threads}`);
  await set(1);
  let given: Promise<void> | undefined;
  const giveBack = () => set(all?.threads ?? 1).finally(() => connection.close());
  return {
    giveBack() {
      given ??= giveBack();
      return given;
    },
  };
}
