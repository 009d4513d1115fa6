import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those that take minutes; one of them left to the end would have one processor wait for the other. */
const long =
  /end-to-end\/(thirty-nights|any-server|unattended|as-of)|ingest\/(all-faults|crash|kill)\.|models\/publish|shared-warehouse\/lakehouse/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/browser.ts", "test/built-folder.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Test files share nothing that they change, and what they load and read of the sources is loaded once for all.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
});
