import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tally } from "../tally-process.ts";

const wrong: [args: string, says: RegExp, mends: RegExp][] = [
  ["--from yesterday", /--from takes a day such as 2026-10-01, not "yesterday"/, /YYYY-MM-DD/],
  ["--from 2026-02-29", /--from takes a day such as 2026-10-01, not "2026-02-29"/, /of the calendar/],
  ["--to 2026-10-1", /--to takes a day such as 2026-10-01, not "2026-10-1"/, /YYYY-MM-DD/],
  ["--from 2026-10-02 --to 2026-10-01", /--from 2026-10-02 is after --to 2026-10-01/, /the earlier day/],
  ["--from 2026-11-11", /--from 2026-11-11 has not come yet: today is 2026-11-10/, /leave --from out/],
  ["--to", /--to <date>' argument missing/, /missing/],
  [
    "--streams usage,vm",
    /--streams names "vm", which is no stream/,
    /Is it vm_types or vms or vm_operations\?/,
  ],
  ["--streams ,", /--streams names no stream/, /Streams are .*usage,/],
  ["--full=yes", /unknown option '--full=yes'/, /--full/],
  ["--replay --full --from 2026-10-01", /--replay .* can't be had with --from, --full/, /leave out --replay/],
  ["--form 2026-10-01", /unknown option '--form'/, /Did you mean --from\?/],
  ["2026-10-01", /too many arguments for 'ingest'/, /Expected 0/],
];

test("options that make no sense are refused before anything is asked for, with how to mend them", async () => {
  const workspace = await mkdtemp(join(tmpdir(), "tally-options-"));
  try {
    const env = {
      TALLY_NOW: "2026-11-10T06:00:00Z",
      CRUSOE_ACCESS_KEY_ID: "AKTEST",
      CRUSOE_SECRET_KEY: "c2VjcmV0",
      // Whoever asks here is not answered, and would exit with 1.
      CRUSOE_API_ENDPOINT: "http://127.0.0.1:9",
    };
    expect(await tally(["init", workspace])).toMatchObject({ code: 0 });
    for (const [args, says, mends] of wrong) {
      const { code, stdout, stderr } = await tally(
        ["ingest", "--workspace", workspace, ...args.split(" ")],
        env,
      );
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr, args).toMatch(says);
      expect(stderr, args).toMatch(mends);
    }
    expect(await readdir(workspace)).not.toContain("data");
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}, 60_000);
