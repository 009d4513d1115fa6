import { Argument, Command } from "commander";
import { effectsOf } from "./effects-of.ts";

const shells = ["bash", "zsh", "fish"] as const;

export const completionCommand = () =>
  new Command("completion")
    .description("Print a script by which a shell completes commands, options and values.")
    .addArgument(new Argument("<shell>", "whose script").choices(shells))
    .addHelpText(
      "after",
      `
Examples:
  $ source <(tally completion bash)                                        (a line of ~/.bashrc)
  $ source <(tally completion zsh)                                         (a line of ~/.zshrc, below compinit)
  $ tally completion fish > ~/.config/fish/completions/tally.fish`,
    )
    .action(async (shell: (typeof shells)[number], _options: object, command: Command) => {
      const { wordsOf } = await import("../shell/words.ts");
      const { bashCompletion } = await import("../shell/bash.ts");
      const { zshCompletion } = await import("../shell/zsh.ts");
      const { fishCompletion } = await import("../shell/fish.ts");
      const script = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
      effectsOf(command).stdout.write(script(wordsOf(command.parent ?? command)));
    });
