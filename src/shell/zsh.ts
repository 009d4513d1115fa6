import type { CommandWords, OptionWords, ProgramWords, Value } from "./words.ts";

/** A completion script for zsh, to be sourced or to lie in a folder of $fpath as _tally. */
export function zshCompletion({ options, commands }: ProgramWords): string {
  const named = commands.map(({ name, description }) => `    ${quoted(`${name}:${brief(description)}`)}`);
  return `#compdef tally
# Completion of tally for zsh. Load it with: source <(tally completion zsh)

_tally() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
${named.join("\n")}
    'help:say what a command takes'
  )
  _arguments -C \\
${options.map((option) => `    ${spec(option)} \\`).join("\n")}
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    command) _describe -t commands 'command of tally' commands ;;
    argument)
      case $line[1] in
        help) _describe -t commands 'command of tally' commands ;;
${commands.map((command) => commandCase(command, options)).join("\n")}
      esac ;;
  esac
}

if [[ $funcstack[1] == _tally ]]; then _tally "$@"; else compdef _tally tally; fi
`;
}

function commandCase(
  { name, arguments: positional, options }: CommandWords,
  globals: readonly OptionWords[],
): string {
  const own = new Set(options.map(({ long }) => long));
  const specs = [
    ...[...options, ...globals.filter(({ long }) => !own.has(long) && long !== "--version")].map(spec),
    ...positional.map(({ name: shown, value }, i) => quoted(`${i + 1}:${shown}:${action(value)}`)),
  ];
  return `        ${name}) _arguments \\\n${specs.map((each) => `          ${each}`).join(" \\\n")} ;;`;
}

function spec({ long, value, description, isRepeatable }: OptionWords): string {
  const star = isRepeatable ? "*" : "";
  const equals = value ? "=" : "";
  const said = brief(description).replace(/[[\]\\]/g, "\\$&");
  const asked = value ? `:value:${action(value)}` : "";
  return quoted(`${star}${long}${equals}[${said}]${asked}`);
}

function action(value: Value): string {
  switch (value.kind) {
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "words":
      return `(${value.words.join(" ")})`;
    case "any":
      return "";
  }
}

/** The first part of a sentence, for a list; a colon would end it. */
const brief = (text: string) => text.replace(/\.$/, "").replaceAll(":", "\\:");

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
