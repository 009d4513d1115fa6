import type { FaultInput } from "./faults/rule.ts";
import { type KeptState, keepState } from "./kept-state.ts";
import { type GatewayState, loadState } from "./saved-state.ts";
import { loadScenario } from "./scenario/load.ts";
import { type Gateway, startGateway } from "./server.ts";
import type { Organization } from "./state.ts";

export interface SessionOptions {
  /** The organisation to begin with, where no state goes on. */
  scenario: string;
  /** The file that the whole state goes on from, where there is one, and that follows it. */
  stateFile?: string | undefined;
  /** When it begins, or goes on where that is later. Default: where the scenario or the state stands. */
  startAt?: Date | undefined;
  /** How many seconds pass in one of the machine's. Default: as the state has it, or 0. */
  pace?: number | undefined;
  port: number;
  faults: readonly FaultInput[];
  faultSeed?: string | undefined;
  control: boolean;
  wallClock: () => Date;
  /** Told of a state that could not be saved meanwhile. */
  warn: (error: unknown) => void;
}

/** A gateway that is up, and what it began with. */
export interface Session {
  gateway: Gateway;
  organization: Organization;
  startedAt: Date;
  /** Whether it goes on from the state file. */
  isResumed: boolean;
  /** Ends it, its state saved. */
  close: () => Promise<void>;
}

/**
 * Starts a gateway on a scenario, or where one before it was when it ended.
 *
 * @throws ConfigError where scenario or state can't be read
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { stateFile, startAt, port, faults, faultSeed, control, wallClock } = options;
  const resumed = stateFile === undefined ? null : await loadState(stateFile);
  const organization = resumed?.organization ?? (await loadScenario(options.scenario));
  const startedAt = startOf(resumed, organization, startAt);
  let kept: KeptState | undefined;
  const gateway = await startGateway({
    organization,
    clock: () => startedAt,
    pace: options.pace ?? resumed?.pace ?? 0,
    accessKeys: organization.accessKeys,
    port,
    faults,
    savedFaults: resumed?.faults,
    ...(faultSeed !== undefined && { faultSeed }),
    control,
    wallClock,
    onChange: () => kept?.touch(),
  });
  const close = async () => {
    await gateway.close();
    await kept?.end();
  };
  try {
    if (stateFile !== undefined) kept = await keepState(stateFile, gateway.state, options.warn);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  return { gateway, organization, startedAt, isResumed: resumed !== null, close };
}

/** Time never runs back: a state goes on no earlier than where it stood. */
function startOf(resumed: GatewayState | null, { now }: Organization, startAt: Date | undefined): Date {
  if (!resumed) return startAt ?? now;
  return startAt && startAt > resumed.now ? startAt : resumed.now;
}
