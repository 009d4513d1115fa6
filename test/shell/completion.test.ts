import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../src/program.ts";
import { tally } from "../tally-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;
const scriptOf = async (shell: string) => {
  const { code, stdout, stderr } = await tally(["completion", shell]);
  expect(code, stderr).toBe(0);
  return stdout;
};

describe.skipIf(!has("bash"))("in bash", () => {
  let script: string;
  beforeAll(async () => {
    script = await scriptOf("bash");
  });

  /** What is offered for the last of these words, which the cursor stands behind. */
  function offered(words: readonly string[], cwd?: string): string[] {
    const lines = `${script}
      COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
      _tally; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const shown = execFileSync("bash", ["--norc", "-c", lines, "bash", ...words], { cwd, encoding: "utf8" });
    return shown.split("\n").filter((line) => line !== "");
  }

  it("belongs to tally", () => {
    const shown = execFileSync("bash", ["--norc", "-c", `${script}\ncomplete -p tally`], {
      encoding: "utf8",
    });
    expect(shown.trim()).toBe("complete -F _tally tally");
  });

  it("offers every command that the help lists, and those that begin as what was typed", () => {
    const help = createProgram().helpInformation();
    const listed = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}([a-z]+)/gm)].map(
      ([, name]) => name,
    );
    expect(listed).toContain("run");
    expect(offered(["tally", ""])).toEqual(listed);
    expect(offered(["tally", "sta"])).toEqual(["status"]);
    expect(offered(["tally", "help", "sche"])).toEqual(["schedule"]);
  });

  it("offers the options of the command, after global ones too", () => {
    expect(offered(["tally", "build", "--"])).toEqual(
      "--select --full-refresh --as-of --workspace --quiet --verbose --help".split(" "),
    );
    expect(offered(["tally", "--workspace", "costs", "report", "--mo"])).toEqual(["--month"]);
    expect(offered(["tally", "--workspace", "=", "costs", "report", "--mo"])).toEqual(["--month"]);
    expect(offered(["tally", "--v"])).toEqual(["--version", "--verbose"]);
  });

  it("offers the saved queries that ship, and the models to select", () => {
    expect(offered(["tally", "sql", "@top-s"])).toEqual(["@top-spenders"]);
    expect(offered(["tally", "build", "--select", "fct_cost_d"])).toEqual(["fct_cost_daily"]);
    expect(offered(["tally", "build", "--select", "stg_pro"])).toEqual(["stg_projects"]);
  });

  it("offers the values that an option or an argument takes, and nothing where any may stand", () => {
    expect(offered(["tally", "sql", "--format", ""])).toEqual([
      "table",
      "csv",
      "json",
      "markdown",
      "parquet",
    ]);
    expect(offered(["tally", "sql", "--format", "=", "ma"])).toEqual(["markdown"]);
    expect(offered(["tally", "sql", "--format", "="])).toContain("csv");
    expect(offered(["tally", "completion", ""])).toEqual(["bash", "zsh", "fish"]);
    expect(offered(["tally", "report", "--month", ""])).toEqual([]);
  });

  it("offers folders for a folder and files for a file, also those with blanks in their names", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "costs of ours"));
    writeFileSync(join(folder, "costs.sql"), "");
    expect(offered(["tally", "run", "--workspace", "co"], folder)).toEqual(["costs of ours"]);
    expect(offered(["tally", "sql", "--file", "co"], folder).sort()).toEqual(["costs of ours", "costs.sql"]);
    expect(offered(["tally", "init", "co"], folder)).toEqual(["costs of ours"]);
  });
});

describe.skipIf(!has("fish"))("in fish", () => {
  it("offers commands, options and values", async () => {
    const script = await scriptOf("fish");
    const offered = (line: string) =>
      execFileSync("fish", ["--no-config", "-c", `${script}\ncomplete -C ${JSON.stringify(line)}`], {
        encoding: "utf8",
      })
        .split("\n")
        .map((each) => each.split("\t", 1)[0]);
    expect(offered("tally sta")).toContain("status");
    expect(offered("tally build --full")).toContain("--full-refresh");
    expect(offered("tally build --mon")).not.toContain("--month");
    expect(offered("tally sql --format m")).toContain("markdown");
    expect(offered("tally completion ")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
  });
});

describe.skipIf(!has("zsh"))("in zsh", () => {
  it("is a script that loads, and that belongs to tally", async () => {
    const file = join(temporaryFolder(), "_tally");
    writeFileSync(file, await scriptOf("zsh"));
    const shown = execFileSync(
      "zsh",
      [
        "-f",
        "-c",
        'autoload -U compinit && compinit -u -D && source "$1" && print $_comps[tally]',
        "zsh",
        file,
      ],
      { encoding: "utf8" },
    );
    expect(shown.trim()).toBe("_tally");
  });
});

it("a shell of no script is refused with those that there are", async () => {
  const { code, stderr } = await tally(["completion", "cmd"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish.");
});
