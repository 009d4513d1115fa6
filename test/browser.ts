import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

// They are for a function in a cloud, and change what is tested: in one process a closed page takes the
// browser with it, and without web security a page may do what no reader's browser lets it do.
const unwanted = new Set(["--single-process", "--disable-web-security", "--allow-running-insecure-content"]);

/** A headless browser from an npm package: none needs to be installed on the machine. */
export async function launchBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((argument) => !unwanted.has(argument)),
    headless: true,
  });
}
