import { z } from "zod";
import type { Answer } from "../answer.ts";
import type { GatewayRequest, Outcome } from "../exchange.ts";

/** A request that a fault may strike, and what a fault may need to do so. */
export interface Hit {
  request: GatewayRequest;
  /** What the API answers when nothing is wrong; made once. */
  answer: () => Promise<Answer>;
  /** What it would answer were this its only clock. */
  answerBy: (clock: Date) => Promise<Answer>;
  /** The next of this hit's own dice, the same for the same seed, request and attempt. */
  random: () => number;
  /** The machine's clock, as far as the gateway knows. */
  wallClock: () => Date;
  /** The base URL of another server, which writes down who comes to it. */
  elsewhere: () => Promise<string>;
  /** What the rule keeps from one strike to the next. */
  memory: Map<string, unknown>;
}

/** One way in which a request can go wrong. */
export interface FaultKind<Shape extends z.ZodRawShape> {
  /** What the client sees, as a line of help. */
  about: string;
  parameters: Shape;
  /** Null where there is nothing in this answer that could go wrong that way. */
  strike: (parameters: z.output<z.ZodObject<Shape>>, hit: Hit) => Outcome | null | Promise<Outcome | null>;
}

/** An entry of the table of kinds, with its parameters' types read off their schemas. */
export const faultKind = <Shape extends z.ZodRawShape>(kind: FaultKind<Shape>): FaultKind<Shape> => kind;

/** One of the list: the one that was asked for, or one that is drawn. */
export const formOr = <Form extends string>(
  form: Form | undefined,
  forms: readonly Form[],
  { random }: Hit,
): Form => form ?? drawn(forms, random);

export function drawn<T>(choices: readonly T[], random: () => number): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError("there is nothing to draw from");
  return choice;
}

/** A parameter that takes one of some forms, and is drawn for each strike where it is left out. */
export const oneOf = <const Forms extends readonly [string, ...string[]]>(forms: Forms) =>
  z.enum(forms).optional();
