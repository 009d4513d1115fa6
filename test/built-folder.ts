import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    builtFolder: string;
  }
}

/** A folder for what is built once for many tests, in whichever worker they are; it is gone when all have ended. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "tally-built-"));
  provide("builtFolder", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
