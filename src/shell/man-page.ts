import type { Command } from "commander";
import { exitCodes } from "../errors/tally-error.ts";
import { type OptionWords, wordsOf } from "./words.ts";

const environment: readonly [string, string][] = [
  ["CRUSOE_ACCESS_KEY_ID, CRUSOE_SECRET_KEY", "The credential. They win over ~/.crusoe/config."],
  ["CRUSOE_PROFILE", "Which profile of ~/.crusoe/config is read."],
  ["CRUSOE_API_ENDPOINT", "The base of the API. It wins over ~/.crusoe/config and tally.toml."],
  ["TALLY_WORKSPACE", "The workspace, where --workspace is not given."],
  ["TALLY_NOW", "An ISO instant at which the clock of the command stands, such as 2026-11-03T06:00:00Z."],
  ["TALLY_SERVE_TOKEN", "The token to sign in to `tally serve` with, of 16 characters or more."],
  [
    "TALLY_SERVE_TOKEN",
    "The token that serve asks for where it is bound to another address than the machine's own.",
  ],
  ["TALLY_BROWSER", "The Chromium, Chrome or Edge that prints PDFs."],
];

const files: readonly [string, string][] = [
  ["tally.toml", "The settings of the workspace. It never holds a credential."],
  [
    "prices.csv, exchange-rates.csv, cost-centres.csv, budgets.csv, shared-costs.csv, suppressions.csv",
    "What the API can't know.",
  ],
  ["data/raw/", "What the API answered, as it came."],
  ["data/warehouse.duckdb", "The writer's file. Nobody else opens it."],
  ["data/analytics.duckdb", "The published tables, replaced by one rename."],
  ["reports/", "The reports."],
  ["queries/", "Saved queries, for `tally sql @NAME`."],
  ["logs/runs.ndjson", "Each step of each run."],
  ["~/.crusoe/config", "The credential, as Crusoe's own tools keep it."],
];

const meanings: Record<keyof typeof exitCodes, string> = {
  done: "Done.",
  failed: "Failed; of status: stale.",
  usage: "Wrong usage or settings.",
  incomplete: "Incomplete: some streams failed, and what succeeded is kept.",
  testsFailed: "Data tests failed; the last good tables and reports stay.",
  locked: "Another run holds the workspace.",
};

/** The manual page tally(1), in roff, of what the commands themselves say. */
export function manPage(program: Command): string {
  const { version, description, options, commands } = wordsOf(program);
  return [
    `.TH TALLY 1 "" "tally ${version}" "User commands"`,
    ".SH NAME",
    `tally \\- ${text(description.replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    ".B tally",
    "[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]",
    ".SH OPTIONS",
    ...options.flatMap(item),
    ".SH COMMANDS",
    ...commands.flatMap(({ name, usage, description: about, arguments: positional, options: own }) => [
      `.SS "${text(`tally ${name} ${usage}`.trim())}"`,
      text(about),
      ...positional.flatMap(({ name: shown, description: said }) => tagged(shown, said)),
      ...own.flatMap(item),
      ...literal(afterHelp(program, name)),
    ]),
    ".SH EXIT STATUS",
    ...Object.entries(meanings).flatMap(([code, meaning]) =>
      tagged(String(exitCodes[code as keyof typeof exitCodes]), meaning),
    ),
    ".SH ENVIRONMENT",
    ...environment.flatMap(([name, meaning]) => tagged(name, meaning)),
    ".SH FILES",
    ...files.flatMap(([name, meaning]) => tagged(name, meaning)),
    "",
  ].join("\n");
}

const item = ({ flags, fullDescription }: OptionWords) => tagged(flags, fullDescription);

const tagged = (name: string, meaning: string) => [".TP", `\\fB${text(name)}\\fR`, text(meaning)];

/** Examples and remarks, which a command's help has at its end. */
function afterHelp(program: Command, name: string): string {
  const command = program.commands.find((each) => each.name() === name);
  if (!command) return "";
  let shown = "";
  command.configureOutput({
    writeOut: (part) => {
      shown += part;
    },
  });
  command.outputHelp();
  return shown.slice(command.helpInformation().length).trim();
}

function literal(shown: string): string[] {
  return shown === "" ? [] : [".PP", ".nf", ...shown.split("\n").map(text), ".fi"];
}

/** Text that roff shows as it is: a backslash, a hyphen and a dot or quote that begins a line mean more to it. */
function text(shown: string): string {
  return shown
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replaceAll('"', "\\(dq")
    .replace(/^\./, "\\&.");
}
