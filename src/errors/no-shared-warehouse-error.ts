import { ConfigError } from "./config-error.ts";

/** There is no warehouse yet where target under [warehouse] leads: exit 2. */
export class NoSharedWarehouseError extends ConfigError {
  override name = "NoSharedWarehouseError";

  /** @param shown its address, without what opens it */
  constructor(shown: string) {
    super(`There is no shared warehouse at ${shown} yet.`, {
      hint: "A workspace that writes there makes it, by `tally run` or `tally export --copies`. Where one did, mend target under [warehouse] here.",
    });
  }
}
