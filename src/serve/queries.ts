import type { ServerResponse } from "node:http";
import type { DuckDBResult } from "@duckdb/node-api";
import pLimit from "p-limit";
import { TallyError } from "../errors/tally-error.ts";
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
  /** Ends all that run, and begins no other. */
  end(): void;
}

/** Each may take the memory of the settings. */
const mostAtOnce = 2;

export function createQueries(context: ServeContext, timeoutSeconds: number): Queries {
  const limit = pLimit(mostAtOnce);
  const running = new Set<() => void>();
  let isEnded = false;
  // Whoever waited in line may have gone, too.
  const refuseUnwanted = (response: ServerResponse) => {
    if (isEnded || response.destroyed) throw new TallyError("The query was ended before it began.");
  };
  return {
    run: ({ sql, params }, response, read) =>
      limit(() => {
        refuseUnwanted(response);
        return withSandbox(context, { timeoutSeconds }, async (sandbox) => {
          refuseUnwanted(response);
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
        });
      }),
    end() {
      isEnded = true;
      for (const interrupt of running) interrupt();
    },
  };
}
