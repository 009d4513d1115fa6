import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/package.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { temporaryFolder } from "../temporary-folder.ts";

it("`tally sql` says that there is no room for its rows, and leaves no half of them", async () => {
  const { root, tallyToml, analytics } = workspaceAt(temporaryFolder());
  writeFileSync(tallyToml, "");
  mkdirSync(join(root, "data"));
  const tables = await openWarehouse(analytics, { memoryLimit: "256MB", threads: 1 });
  await tables.run("create table numbers as select range as n from range(300000)");
  tables.close();
  const before = readdirSync(root);
  const shell = (command: string) =>
    spawnSync("bash", ["-c", command, join(packageRoot, "dist", "cli.js"), root], { encoding: "utf8" });

  const file = shell(
    `ulimit -f 200; '${process.execPath}' "$0" sql --workspace "$1" --format csv --output "$1/out.csv" 'from numbers'`,
  );
  expect(file.stderr).toMatch(/^error: .+out\.csv can't be written: EFBIG\.\n {2}See that its folder .+\n$/);
  expect(file.status).toBe(1);
  expect(readdirSync(root)).toEqual(before);

  const printed = shell(
    `'${process.execPath}' "$0" sql --workspace "$1" --format csv 'from numbers' > /dev/full`,
  );
  expect(printed.stderr).toMatch(/^error: Standard output can't be written: ENOSPC\.\n/);
  expect(printed.status).toBe(1);
});
