import type { Effects } from "../effects.ts";
import type { Message } from "./event.ts";

/**
 * Brings a message to where a channel leads.
 *
 * @throws DeliveryError where it did not arrive
 */
export type Delivery = (message: Message) => Promise<void>;

/** A message did not arrive. It is said as a warning, and fails nothing; its text holds nothing secret. */
export class DeliveryError extends Error {
  override name = "DeliveryError";
  /** Whether it may arrive when it is sent once more. */
  readonly isTransient: boolean;

  constructor(message: string, isTransient: boolean) {
    super(message);
    this.isTransient = isTransient;
  }
}

/** @throws DeliveryError where the variable is not set */
export function fromEnvironment(env: Effects["env"], name: string | undefined): string {
  const value = name === undefined ? undefined : env[name];
  if (!value) throw new DeliveryError(`the environment has no ${name ?? "variable for it"}`, false);
  return value;
}
