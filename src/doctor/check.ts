import type { Account } from "../accounts.ts";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import type { Workspace } from "../workspace.ts";
import type { Probe } from "./probe.ts";

/** `skipped` where what a check rests on failed before it. */
export type Verdict = "ok" | "warning" | "failed" | "skipped";

export interface Finding {
  verdict: Verdict;
  /** What was found, as a sentence. */
  message: string;
  /** What to do about it; null where there is nothing to do. */
  mend: string | null;
}

/** What the checks look at. What could not be read is the error that says why. */
export interface Patient {
  effects: Effects;
  /** The folder that is the workspace, or is meant to be one. */
  root: string;
  workspace: Workspace | Error;
  config: Config | Error;
  /** Whose organisations are read, and with which credentials. */
  accounts: readonly Account[] | Error;
  /** What the API answers with an account's credential; asked once. */
  probe(account: Account): Promise<Probe>;
}

/** One check: it may find several things, and never throws for what it finds. */
export interface Check {
  name: string;
  run(patient: Patient): Promise<Finding | Finding[]> | Finding | Finding[];
}

export const ok = (message: string): Finding => ({ verdict: "ok", message, mend: null });
export const warning = (message: string, mend: string): Finding => ({ verdict: "warning", message, mend });
export const failed = (message: string, mend: string): Finding => ({ verdict: "failed", message, mend });
export const skipped = (message: string): Finding => ({ verdict: "skipped", message, mend: null });

/** An error of tally's own, with its hint as what to do. */
export function failedBy(error: unknown, otherwise = "Mend that, and run `tally doctor` again."): Finding {
  const { message, hint } = error as { message?: string; hint?: string };
  return failed(message ?? String(error), hint ?? otherwise);
}
