import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, refused } from "./answer.ts";
import { answerer } from "./answering.ts";
import { receiveBody } from "./body.ts";
import { type MovableClock, movableClock } from "./clock.ts";
import { answerControl, isControl } from "./control.ts";
import { type GatewayRequest, isTakeOver, type Outcome } from "./exchange.ts";
import type { FaultKindName } from "./faults/kinds.ts";
import { type FaultPlan, type Faults, planFaults, type SavedFault } from "./faults/plan.ts";
import type { FaultInput } from "./faults/rule.ts";
import type { Quirks } from "./quirks.ts";
import { Refusal } from "./refusal.ts";
import type { GatewayState } from "./saved-state.ts";
import { refuseUnreadable, send } from "./sending.ts";
import type { AccessKey, Organization } from "./state.ts";

export type { GatewayRequest } from "./exchange.ts";

export interface GatewayOptions {
  organization: Organization;
  /** What time it is for the organisation: inventory is as of then, and nothing after it is metered. */
  clock: () => Date;
  /** How many seconds pass in one of the machine's, from `clock`'s time on. Default 0: `clock` alone tells. */
  pace?: number;
  accessKeys: readonly AccessKey[];
  /** Default: one that is free. */
  port?: number;
  /** Default 127.0.0.1: the gateway is for this machine. */
  host?: string;
  quirks?: Partial<Quirks>;
  /** The machine's clock, which signatures may be fresh by as well. Default: the machine's. */
  wallClock?: () => Date;
  /** What is to go wrong, after the faults of the organisation's own scenario. Default nothing. */
  faults?: readonly FaultInput[];
  /** Faults that went on elsewhere, and go on here in the place of the organisation's own. */
  savedFaults?: readonly SavedFault[] | undefined;
  /** What the faults' dice are thrown by. Default the organisation's id. */
  faultSeed?: string | number;
  /** Whether `/_control` of this machine may change faults and clock, unsigned. Default false. */
  control?: boolean;
  /** Stands between every request and its answer; `next` gives the answer that the API would. */
  intercept?: (request: GatewayRequest, next: () => Answer) => Answer | Promise<Answer>;
  /** Called with each request that was answered, the status (0 where none was sent), and the fault if one struck. */
  onAnswer?: (request: GatewayRequest, status: number, fault?: FaultKindName) => void;
  /** Called after each request that may have changed something, those of `/_control` among them. */
  onChange?: () => void;
  /** Called with an error that is a defect of the gateway's own: the client gets a bare 500. */
  onDefect?: (error: unknown) => void;
}

export interface Gateway {
  /** The base to give a client, such as `http://127.0.0.1:40123/v1alpha5`; `/v1` serves the same. */
  endpoint: string;
  /** What goes wrong with its requests, and how often it did. */
  faults: Faults;
  /** Its clock; what `/_control/clock` and `/_control/advance` move. */
  clock: MovableClock;
  /** All that another gateway needs to go on from here. */
  state(): GatewayState;
  /** Stops listening, and ends every connection. */
  close(): Promise<void>;
}

/**
 * Starts a local Crusoe API that serves the organisation over HTTP.
 *
 * @example
 * const organization = await loadScenario("data/demo/organization.yaml");
 * const gateway = await startGateway({
 *   organization,
 *   clock: () => organization.now,
 *   accessKeys: organization.accessKeys,
 *   faults: [{ kind: "rate-limit", rate: 0.1 }, { kind: "reset", path: "/locations", times: 1 }],
 * });
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const wallClock = options.wallClock ?? (() => new Date());
  const clock = movableClock(options.clock, wallClock, options.pace);
  const seed = options.faultSeed ?? options.organization.id;
  const faults = planFaults({ seed, clock: clock.now, wallClock });
  if (options.savedFaults) for (const saved of options.savedFaults) faults.resume(saved);
  else for (const fault of options.organization.faults) faults.add(fault);
  for (const fault of options.faults ?? []) faults.addForNow(fault);
  const respond = responder({ ...options, wallClock }, clock, faults);
  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    void respond(message, response);
  });
  server.on("clientError", refuseUnreadable);
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1alpha5`,
    faults,
    clock,
    state: () => ({
      organization: options.organization,
      now: clock.now(),
      pace: clock.pace(),
      faults: faults.save(),
    }),
    close: async () => {
      await Promise.all([closed(server), faults.close()]);
    },
  };
}

async function closed(server: Server): Promise<void> {
  const end = once(server, "close");
  server.close();
  server.closeAllConnections();
  await end;
}

function responder(
  options: GatewayOptions & { wallClock: () => Date },
  clock: MovableClock,
  faults: FaultPlan,
) {
  const answer = answerer({ ...options, clock: clock.now });
  const { intercept } = options;

  async function outcomeOf(request: GatewayRequest): Promise<{ outcome: Outcome; kind?: FaultKindName }> {
    const proper = (clocks?: readonly Date[]) =>
      intercept ? intercept(request, () => answer(request, clocks)) : answer(request, clocks);
    return (await faults.strike(request, proper)) ?? { outcome: await proper() };
  }

  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request: GatewayRequest = {
      method: message.method ?? "",
      target: message.url ?? "",
      headers: message.headers,
    };
    if (options.control && isControl(request)) {
      await send(response, await answerControl(message, { faults, clock })).catch(() => response.destroy());
      if (request.method !== "GET") options.onChange?.();
      return;
    }
    let kind: FaultKindName | undefined;
    try {
      if (hasNoBody(request)) message.resume();
      else request.body = await receiveBody(message);
      // Of the rest of a body without end nothing is wanted, and a connection kept open would have to read it.
      if (request.body === "too-large") response.setHeader("connection", "close");
      const result = await outcomeOf(request);
      kind = result.kind;
      if (isTakeOver(result.outcome)) await result.outcome.takeOver(response);
      else await send(response, result.outcome);
    } catch (error) {
      // The client left, or the body could not be made to its end: cut it short, so that it can't pass for whole.
      if (!isDisconnect(error)) options.onDefect?.(error);
      if (response.headersSent) response.destroy();
      else await send(response, refused(new Refusal(500))).catch(() => response.destroy());
    }
    if (request.method !== "GET") options.onChange?.();
    options.onAnswer?.(request, response.headersSent ? response.statusCode : 0, kind);
  };
}

/** A body that means nothing must not hold up the connection, and is not kept. */
const hasNoBody = ({ method }: GatewayRequest): boolean => method === "GET" || method === "HEAD";

const isDisconnect = (error: unknown): boolean =>
  ["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"].includes(
    String((error as NodeJS.ErrnoException)?.code),
  );
