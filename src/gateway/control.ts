import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { type Answer, json, refused } from "./answer.ts";
import type { MovableClock } from "./clock.ts";
import type { GatewayRequest } from "./exchange.ts";
import type { Faults } from "./faults/plan.ts";
import { readFaultRule } from "./faults/rule.ts";
import { readFaultText } from "./faults/text.ts";
import { parseInstant } from "./instant.ts";
import { Refusal } from "./refusal.ts";

/** What `/_control` has in its hands. */
interface Controlled {
  faults: Faults;
  clock: MovableClock;
}

interface ControlCall extends Controlled {
  /** Undefined where none was sent. */
  body: unknown;
}

/** Everything under `/_control`, by method and path. */
const controls: Readonly<Record<string, (call: ControlCall) => Answer>> = {
  "GET /_control/faults": reportFaults,
  "POST /_control/faults": addFaults,
  "DELETE /_control/faults": (call) => {
    call.faults.clear();
    return reportFaults(call);
  },
  "GET /_control/clock": reportClock,
  "POST /_control/clock": setPace,
  "POST /_control/advance": advance,
};

export const isControl = ({ target }: GatewayRequest): boolean => /^\/_control(?:[/?]|$)/.test(target);

/** Answers a request to change the gateway itself: unsigned, but from this machine alone. */
export async function answerControl(message: IncomingMessage, controlled: Controlled): Promise<Answer> {
  try {
    if (!isLocal(message)) throw new Refusal(403, "only for programs of this machine");
    const path = (message.url ?? "").replace(/\?.*$/s, "");
    const control = controls[`${message.method} ${path}`];
    if (!control) {
      const isPath = Object.keys(controls).some((key) => key.endsWith(` ${path}`));
      throw new Refusal(isPath ? 405 : 404);
    }
    return control({ ...controlled, body: await bodyOf(message) });
  } catch (error) {
    return refused(error instanceof Refusal ? error : new Refusal(500));
  } finally {
    message.resume();
  }
}

/** A page in a browser of this machine is not this machine: it says where it comes from, or names another host. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  const isLoopback = /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? "");
  const isNamedLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i.test(headers.host ?? "");
  return isLoopback && isNamedLocal && headers.origin === undefined;
}

const mostBytes = 1 << 20;

async function bodyOf(message: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.length;
    // Read to its end all the same: who is cut off while it sends does not hear why.
    if (bytes <= mostBytes) parts.push(part);
  }
  if (bytes > mostBytes) throw new Refusal(400, "the body is larger than 1 MiB");
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

function reportFaults({ faults }: ControlCall): Answer {
  return json({ faults: faults.list(), visits: faults.visits() });
}

/** Takes a rule or a list of rules, each as an object or as it is written on the command line: all or none. */
function addFaults(call: ControlCall): Answer {
  const given: unknown[] = Array.isArray(call.body) ? call.body : [call.body];
  const rules = given.map((one) => {
    const read = typeof one === "string" ? readFaultText(one) : readFaultRule(one);
    if ("mistake" in read) throw new Refusal(400, read.mistake);
    return read.rule;
  });
  for (const { given: fault } of rules) call.faults.add(fault);
  return reportFaults(call);
}

function reportClock({ clock }: ControlCall): Answer {
  return json({ now: clock.now().toISOString(), pace: clock.pace() });
}

const pacing = z.strictObject({ pace: z.number() });

function setPace(call: ControlCall): Answer {
  const parsed = pacing.safeParse(call.body);
  if (!parsed.success) {
    throw new Refusal(400, 'the body is {"pace": 60}: seconds that pass in one; with 0 the clock stands');
  }
  return moved(call, (clock) => clock.run(parsed.data.pace));
}

const advancement = z.union([
  z.strictObject({ seconds: z.number().min(0) }),
  z.strictObject({ to: z.string() }).transform(({ to }, context) => {
    const at = parseInstant(to);
    if (at !== null) return { to: new Date(at * 1000) };
    context.addIssue({ code: "custom", message: "no UTC time" });
    return z.NEVER;
  }),
]);

function advance(call: ControlCall): Answer {
  const parsed = advancement.safeParse(call.body);
  if (!parsed.success) {
    throw new Refusal(
      400,
      'the body is {"seconds": 3600}, not below 0, or {"to": "2026-11-04T06:00:00Z"}, a date or a UTC time',
    );
  }
  return moved(call, (clock) => clock.advance(parsed.data));
}

function moved(call: ControlCall, move: (clock: MovableClock) => void): Answer {
  try {
    move(call.clock);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(400, error.message);
    throw error;
  }
  return reportClock(call);
}
