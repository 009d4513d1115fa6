import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/package.ts";
import { createProgram } from "../../src/program.ts";
import { tally } from "../tally-process.ts";

const page = join(packageRoot, "man", "tally.1");

it("the manual page that ships is that of these commands; `npm run man` writes it", async () => {
  const { stdout } = await tally(["man"]);
  expect(readFileSync(page, "utf8")).toBe(stdout);
});

it.skipIf(spawnSync("man", ["--version"]).status !== 0)(
  "man shows every command and every option of it",
  () => {
    const { stdout, stderr } = spawnSync("man", ["--warnings", "-l", page], {
      encoding: "utf8",
      env: { ...process.env, MANWIDTH: "500", MAN_KEEP_FORMATTING: "", LC_ALL: "C.UTF-8" },
    });
    expect(stderr).toBe("");
    for (const command of createProgram().commands.filter((each) => each.name() !== "man")) {
      expect(stdout).toContain(`tally ${command.name()}`);
      for (const { flags } of command.options) expect(stdout).toContain(flags);
    }
    expect(stdout).toContain("$ tally demo /tmp/look && tally sql --workspace /tmp/look 'from dim_project'");
  },
);
