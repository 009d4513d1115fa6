import type { OptionWords, ProgramWords, Value } from "./words.ts";

/** A completion script for bash, from 3.2 on, which macOS has. */
export function bashCompletion({ options, commands }: ProgramWords): string {
  const names = commands.map(({ name }) => name).join(" ");
  const globals = options.map(({ long }) => long).filter((long) => long !== "--version");
  const cases = commands.map(({ name, arguments: [first], options: own }) => {
    const words = [...own.map(({ long }) => long), ...globals].join(" ");
    const positional = first ? reply(first.value) : "return";
    return `    ${name}) if [[ $cur == -* ]]; then _tally_words "${words}"; else ${positional}; fi ;;`;
  });
  return `# Completion of tally for bash. Load it with: source <(tally completion bash)

_tally_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_tally_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$cur"))
}

_tally() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command="" i
  COMPREPLY=()
  # --option=value comes as three words.
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${withValue(options).join(" | ")}) if [[ \${COMP_WORDS[i + 1]} == "=" ]]; then ((i += 2)); else ((i += 1)); fi ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case "$command $prev" in
${options.flatMap((option) => valueCase(`*" ${option.long}"`, option)).join("\n")}
${commands.flatMap(({ name, options: own }) => own.flatMap((option) => valueCase(`"${name} ${option.long}"`, option))).join("\n")}
  esac
  case $command in
    "") if [[ $cur == -* ]]; then _tally_words "--version ${globals.join(" ")}"; else _tally_words "${names} help"; fi ;;
    help) _tally_words "${names}" ;;
${cases.join("\n")}
  esac
}

complete -F _tally tally
`;
}

const withValue = (options: readonly OptionWords[]) =>
  options.flatMap(({ long, value }) => (value ? [long] : []));

function valueCase(pattern: string, { value }: OptionWords): string[] {
  return value ? [`    ${pattern}) ${reply(value)}; return ;;`.replace("return; return", "return")] : [];
}

function reply(value: Value): string {
  switch (value.kind) {
    case "file":
      return "_tally_paths -f";
    case "folder":
      return "_tally_paths -d";
    case "words":
      return `_tally_words "${value.words.join(" ")}"`;
    case "any":
      return "return";
  }
}
