import type { OptionWords, ProgramWords, Value } from "./words.ts";

/** A completion script for fish. */
export function fishCompletion({ options, commands }: ProgramWords): string {
  const names = commands.map(({ name }) => name).join(" ");
  const lines = [
    "# Completion of tally for fish. Load it with: tally completion fish | source",
    "complete -c tally -f",
    ...options.map((option) => `complete -c tally ${optionPart(option)}`),
    ...commands.map(
      ({ name, description }) =>
        `complete -c tally -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ),
    `complete -c tally -n __fish_use_subcommand -a help -d ${quoted("Say what a command takes.")}`,
    `complete -c tally -n '__fish_seen_subcommand_from help' -a '${names}'`,
  ];
  const globals = new Set(options.map(({ long }) => long));
  for (const {
    name,
    arguments: [first],
    options: own,
  } of commands) {
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    for (const option of own) {
      if (!globals.has(option.long)) lines.push(`complete -c tally ${when} ${optionPart(option)}`);
    }
    const words = first && valuePart(first.value);
    if (words) lines.push(`complete -c tally ${when} ${words}`);
  }
  return `${lines.join("\n")}\n`;
}

function optionPart({ long, short, value, description }: OptionWords): string {
  const names = [`-l ${long.slice(2)}`, ...(short ? [`-s ${short.slice(1)}`] : [])];
  const values = value ? ["-r", valuePart(value)] : [];
  return [...names, ...values, `-d ${quoted(description)}`].filter((part) => part !== "").join(" ");
}

function valuePart(value: Value): string {
  switch (value.kind) {
    case "file":
      return "-F";
    case "folder":
      return "-a '(__fish_complete_directories)'";
    case "words":
      return `-a '${value.words.join(" ")}'`;
    case "any":
      return "";
  }
}

const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
