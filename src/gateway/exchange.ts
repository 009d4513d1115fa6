import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { Body } from "./body.ts";

/** A request as it came, before anything about it was checked. */
export interface GatewayRequest {
  method: string;
  /** Path and query as they stand in the request line. */
  target: string;
  headers: IncomingHttpHeaders;
  /** Undefined where none is read: that of a GET means nothing. */
  body?: Body | undefined;
}

/** In the place of an answer: something that writes to the connection itself, and may break it. */
export interface TakeOver {
  takeOver: (response: ServerResponse) => void | Promise<void>;
}

/** What becomes of a request. */
export type Outcome = Answer | TakeOver;

export const isTakeOver = (outcome: Outcome): outcome is TakeOver => "takeOver" in outcome;
