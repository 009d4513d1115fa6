import type { ServerResponse } from "node:http";
import type { DuckDBResult } from "@duckdb/node-api";
import pLimit from "p-limit";
import { withSandbox } from "../query/sandbox.ts";
import type { Params } from "../warehouse.ts";
import type { ServeContext } from "./serve.ts";

/** The queries of everybody who asks: few at a time, each with the limits of the sandbox. */
export interface Queries {
  /** Runs a query for as long as whoever waits for its answer is there. */
  run<T>(
    query: { sql: string; params: Params },
    response: ServerResponse,
    read: (result: DuckDBResult) => Promise<T>,
  ): Promise<T>;
  /** Ends all that run. */
  interrupt(): void;
}

/** Each may take the memory of the settings. */
const mostAtOnce = 2;

export function createQueries(context: ServeContext, timeoutSeconds: number): Queries {
  const limit = pLimit(mostAtOnce);
  const running = new Set<() => void>();
  return {
    run: ({ sql, params }, response, read) =>
      limit(() =>
        withSandbox(context, { timeoutSeconds }, async (sandbox) => {
          const interrupt = () => sandbox.interrupt();
          const onClose = () => !response.writableFinished && interrupt();
          running.add(interrupt);
          response.once("close", onClose);
          try {
            return await sandbox.query(sql, params, read);
          } finally {
            response.off("close", onClose);
            running.delete(interrupt);
          }
        }),
      ),
    interrupt() {
      limit.clearQueue();
      for (const interrupt of running) interrupt();
    },
  };
}
