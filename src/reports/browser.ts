import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";

const names = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
  "msedge",
];

const elsewhere: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((folder) =>
    [
      ["Google", "Chrome", "Application", "chrome.exe"],
      ["Microsoft", "Edge", "Application", "msedge.exe"],
    ].map((parts) => join(process.env[folder] ?? "C:\\", ...parts)),
  ),
};

/**
 * The browser that prints pages: the one that TALLY_BROWSER or CHROME_PATH names, else the first on the PATH.
 *
 * @throws ConfigError where there is none
 */
export function findBrowser({ env }: Pick<Effects, "env">): string {
  for (const variable of ["TALLY_BROWSER", "CHROME_PATH"]) {
    const named = env[variable];
    if (!named) continue;
    if (isProgram(named)) return named;
    throw new ConfigError(`${variable} names ${named}, which is no program that can be run.`, {
      hint: "Let it name the program of Chromium, Chrome or Edge, or unset it.",
    });
  }
  const ending = process.platform === "win32" ? ".exe" : "";
  const onPath = (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => names.map((name) => join(folder, name + ending)));
  const found = [...onPath, ...(elsewhere[process.platform] ?? [])].find(isProgram);
  if (found === undefined) {
    throw new ConfigError("A PDF needs a browser to print it, and none was found.", {
      hint: "Install Chromium, Chrome or Edge, or let TALLY_BROWSER name its program; or leave pdf out of the formats.",
    });
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
