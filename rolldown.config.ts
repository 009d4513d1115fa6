import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { defineConfig, type Plugin } from "rolldown";
import manifest from "./package.json" with { type: "json" };
import { parseHeaderYaml, type ReadHeaders, readHeadersFile, yamlKey } from "./src/header-yaml.ts";
import { splitSqlFile } from "./src/sql-header.ts";

/** What is installed beside tally and not made part of it: the native library. */
export const external = Object.keys(manifest.dependencies);

/**
 * Each package that is made part of a file, with the words of its licence, which have to go wherever its code goes.
 *
 * @throws Error where a package has none
 */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const packages = new Set(modules.map(packageOf).filter((folder) => folder !== undefined));
      this.emitFile({
        type: "asset",
        fileName: "licences.txt",
        source: [...packages].sort().map(licenceOf).join("\n"),
      });
    },
  };
}

function packageOf(module: string): string | undefined {
  if (!module.includes(`node_modules${sep}`)) return undefined;
  let folder = dirname(module);
  // A folder inside a package may have a package.json that only says how its modules are written.
  while (!existsSync(join(folder, "package.json")) || nameIn(folder).name === undefined)
    folder = dirname(folder);
  return folder;
}

function nameIn(folder: string): { name?: string; version: string; license: string } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function licenceOf(folder: string): string {
  const { name, version, license } = nameIn(folder);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} comes without its licence.`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

/** What the headers of sql/ say, read once and for all. */
function sqlHeaders(): Plugin {
  return {
    name: "sql-headers",
    generateBundle() {
      const files = readdirSync("sql", { recursive: true, encoding: "utf8" }).filter((path) =>
        path.endsWith(".sql"),
      );
      const headers: ReadHeaders = Object.fromEntries(
        files.sort().map((path) => {
          const file = join("sql", path);
          const { yaml } = splitSqlFile(readFileSync(file, "utf8"), file);
          return [yamlKey(yaml), parseHeaderYaml(yaml, file)];
        }),
      );
      this.emitFile({ type: "asset", fileName: readHeadersFile, source: JSON.stringify(headers) });
    },
  };
}

export default defineConfig({
  input: { cli: "src/cli.ts" },
  platform: "node",
  external,
  plugins: [licences(), sqlHeaders()],
  output: {
    dir: "dist",
    cleanDir: true,
    chunkFileNames: "[name]-[hash].js",
    comments: false,
    codeSplitting: {
      groups: [
        { name: "command", test: /src.(errors|package.ts|commands.effects-of.ts)/, priority: 2 },
        { name: "workspace", test: /src.(commands.context.ts|open-published.ts)/, priority: 1 },
      ],
    },
  },
});
