import { type GatewayState, saveState } from "./saved-state.ts";

/** A file that follows a gateway's state. */
export interface KeptState {
  /** Something may have changed: it is saved soon. */
  touch: () => void;
  /** Saves what there is, and no more from then on. */
  end: () => Promise<void>;
}

/** Changes that come soon after each other are saved at once. */
const settleMs = 500;
/** A clock that runs changes the state as well. */
const atLeastEveryMs = 60_000;

/**
 * Saves a gateway's state now, soon after each change, every minute, and at the end.
 *
 * @param warn told of what could not be saved meanwhile; it is tried again
 * @throws TallyError where it can't be saved now
 */
export async function keepState(
  path: string,
  state: () => GatewayState,
  warn: (error: unknown) => void,
): Promise<KeptState> {
  await saveState(path, state());
  let soon: NodeJS.Timeout | undefined;
  let saving = Promise.resolve();
  const save = () => {
    clearTimeout(soon);
    soon = undefined;
    saving = saving.then(() => saveState(path, state())).catch(warn);
  };
  const touch = () => {
    soon ??= setTimeout(save, settleMs);
  };
  const regularly = setInterval(touch, atLeastEveryMs);
  return {
    touch,
    async end() {
      clearInterval(regularly);
      clearTimeout(soon);
      await saving;
      await saveState(path, state());
    },
  };
}
