import { Command } from "commander";
import { effectsOf } from "./effects-of.ts";

/** Prints man/tally.1, which the package holds for `man tally`. */
export const manCommand = () =>
  new Command("man")
    .description("Print the manual page of these commands, as roff.")
    .action(async (_options: object, command: Command) => {
      const { manPage } = await import("../shell/man-page.ts");
      effectsOf(command).stdout.write(manPage(command.parent ?? command));
    });
