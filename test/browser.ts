import { spawnSync } from "node:child_process";
import { type Browser, chromium as playwright } from "playwright-core";

// They are for a function in a cloud, and change what is tested: in one process a closed page takes the
// browser with it, and without web security a page may do what no reader's browser lets it do.
const unwanted = new Set(["--single-process", "--disable-web-security", "--allow-running-insecure-content"]);

/** A headless browser from an npm package: none needs to be installed on the machine. */
export async function launchBrowser(): Promise<Browser> {
  const chromium = await unpackedBrowser();
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((argument) => !unwanted.has(argument)),
    headless: true,
  });
}

/** The path of its program. */
export async function browserProgram(): Promise<string> {
  return (await unpackedBrowser()).executablePath();
}

/** Unpacks the browser once before any test, so that no two workers unpack it over each other. */
export async function setup(): Promise<void> {
  await browserProgram();
}

async function unpackedBrowser() {
  // The package brings the libraries that a bare machine lacks, but unpacks them only where it takes the
  // machine for such a function; this is the variable by which it tells.
  if (!hasNss()) process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs22.x";
  return (await import("@sparticuz/chromium")).default;
}

function hasNss(): boolean {
  const { stdout } = spawnSync("ldconfig", ["-p"], { encoding: "utf8" });
  return stdout?.includes("libnss3.so") ?? false;
}
