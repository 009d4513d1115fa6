import type { Account } from "../accounts.ts";
import { type Check, type Finding, failed, failedBy, ok, type Patient, skipped, warning } from "./check.ts";
import type { Probe } from "./probe.ts";

/** A signature's time is refused when it is minutes off. */
const mostSkewMs = 120_000;
const noticeableSkewMs = 30_000;

export const apiChecks: readonly Check[] = [
  {
    name: "credentials",
    run({ effects, accounts }) {
      if (accounts instanceof Error) return failedBy(accounts);
      const isOfEnvironment = Boolean(effects.env.CRUSOE_ACCESS_KEY_ID && effects.env.CRUSOE_SECRET_KEY);
      return accounts.map((account) =>
        account.credentials instanceof Error
          ? of(account, failedBy(account.credentials))
          : of(
              account,
              ok(
                account.label !== null
                  ? "A key was found."
                  : `A key was found in ${isOfEnvironment ? "the environment" : "~/.crusoe/config"}.`,
              ),
            ),
      );
    },
  },
  {
    name: "endpoint",
    run: withProbe(({ answers, elapsedMs }, { host }) => {
      const [first] = answers;
      if (!first?.error || first.error.failure === "status") {
        return ok(`${host} answers, in ${Math.round(elapsedMs)} ms.`);
      }
      return failedBy(first.error, "See that the endpoint is right and that this machine may reach it.");
    }),
  },
  {
    name: "clock",
    run: withProbe(({ clockSkewMs }, { host }) => {
      if (clockSkewMs === null) return skipped(`${host} did not say what time it is.`);
      const seconds = Math.round(Math.abs(clockSkewMs) / 1000);
      if (Math.abs(clockSkewMs) < noticeableSkewMs)
        return ok(`This machine's clock agrees with that of ${host}.`);
      const message = `This machine's clock is ${seconds} s ${clockSkewMs > 0 ? "behind" : "ahead of"} that of ${host}.`;
      const mend =
        "Set it by NTP, such as with `timedatectl set-ntp true`: a signature's time is refused when it is minutes off.";
      return Math.abs(clockSkewMs) > mostSkewMs ? failed(message, mend) : warning(message, mend);
    }),
  },
  {
    name: "permissions of the key",
    run: withProbe(({ answers, organizations }, { wanted, setting }) => {
      const [first] = answers;
      if (first?.error?.clockSkewMs !== undefined) {
        return skipped("It can't be told before the clock is right.");
      }
      if (first?.error) {
        return first.error.failure === "status"
          ? failedBy(first.error)
          : skipped("The API could not be asked.");
      }
      const names = organizations.map(({ id, name }) => name ?? id).join(", ");
      if (organizations.length === 0) {
        return failed(
          "The key is right, but sees no organisation.",
          "Ask an organisation's owner to invite its user.",
        );
      }
      const unseen = wanted.find(
        (each) => !organizations.some(({ id, name }) => id === each || name === each),
      );
      if (unseen !== undefined) {
        return failed(
          `The key sees no organisation ${JSON.stringify(unseen)}.`,
          `Set ${setting} in tally.toml to one of these: ${names}.`,
        );
      }
      const refused = answers.filter(({ error }) => error !== null);
      const needed = refused.find(({ isNeeded }) => isNeeded);
      if (needed?.error)
        return failedBy(needed.error, "Ask the organisation's owner for a role that may read it.");
      if (refused.length > 0) {
        return warning(
          `${refused.map(({ stream }) => stream).join(", ")} can't be read, so that reports are without them: ${refused[0]?.error?.message ?? ""}`,
          "Ask the organisation's owner for a role that may read them, unless the account does not have them.",
        );
      }
      return ok(`It reads ${names}.`);
    }),
  },
];

interface Asked {
  host: string;
  wanted: readonly string[];
  /** Where the organisation is named in tally.toml. */
  setting: string;
}

/** What was found of one account; it says of which, where there are several. */
const of = ({ label }: Account, { message, ...finding }: Finding): Finding => ({
  ...finding,
  message: label === null ? message : `${label}: ${message}`,
});

/** A check of what the API answered to each account; skipped where it could not be asked. */
function withProbe(judge: (probe: Probe, asked: Asked) => Finding): Check["run"] {
  return async ({ config, accounts, probe }: Patient) => {
    if (config instanceof Error) return skipped("There are no settings to go by.");
    if (accounts instanceof Error) return skipped("There is no credential to ask with.");
    return Promise.all(
      accounts.map(async (account) => {
        const found = await probe(account);
        if (found.isWithoutCredentials) return of(account, skipped("There is no credential to ask with."));
        const { endpoint, wanted, label } = account;
        const setting = label === null ? "organization under [api]" : "id or name under [[organization]]";
        return of(account, judge(found, { host: new URL(endpoint).host, wanted, setting }));
      }),
    );
  };
}
