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
/** A large history takes a while to write: no more than a tenth of the time goes into it. */
const restFactor = 9;
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
  let saving: Promise<void> | undefined;
  let tookMs = 0;
  let isChanged = false;
  let hasEnded = false;
  const touch = () => {
    isChanged = true;
    // One save at a time: what changes meanwhile waits for the next one, so that they never queue.
    if (!hasEnded && !saving) soon ??= setTimeout(save, Math.max(settleMs, tookMs * restFactor));
  };
  function save(): void {
    soon = undefined;
    isChanged = false;
    const startMs = performance.now();
    saving = saveState(path, state())
      .catch(warn)
      .then(() => {
        tookMs = performance.now() - startMs;
        saving = undefined;
        if (isChanged) touch();
      });
  }
  const regularly = setInterval(touch, atLeastEveryMs);
  return {
    touch,
    async end() {
      hasEnded = true;
      clearInterval(regularly);
      clearTimeout(soon);
      await saving;
      await saveState(path, state());
    },
  };
}
