import { afterEach, expect, test } from "vitest";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

afterEach(async () => {
  await setup.close();
  await server.close();
});

/** Usage in these months, at 2026-11-10, of an API that says so much of where it begins. */
async function start(startDate: string, months: readonly string[]): Promise<void> {
  const account = smallAccount();
  const [row] = account.usage;
  account.options.start = startDate;
  account.usage = row ? months.map((month) => ({ ...row, date: `${month}-20`, quantity: "1.5" })) : [];
  server = await startContractServer(account);
  setup = await setUp({ endpoint: server.endpoint });
}

const monthsIn = async (table: string) =>
  (
    await setup.all<{ month: string }>(
      `select strftime(usage_date, '%Y-%m') as month from raw.${table} where _known_to is null order by all`,
    )
  ).map(({ month }) => month);

const askedFor = (since: number, path: string) =>
  server.seen
    .slice(since)
    .filter((request) => request.path.endsWith(path))
    .map(({ query }) => query.get("start_date"));

const months = ["2025-11", "2026-04", "2026-05", "2026-10"];

test.each(["", "soon", "0001-01-01T00:00:00Z"])(
  "where usage/options says %j for its start, all usage is found month by month, past months without any",
  async (startDate) => {
    await start(startDate, months);
    expect((await setup.run()).failures).toEqual([]);
    expect(await monthsIn("usage")).toEqual(months);
    expect(await monthsIn("resource_usage")).toEqual(months);
    // Half a year without usage before the first is enough.
    expect(askedFor(0, "/usage").sort()[0]).toBe("2025-05-01");
    // The next night reads its lookback and no more.
    setup.at("2026-11-11T06:00:00Z");
    const before = server.seen.length;
    expect((await setup.run()).failures).toEqual([]);
    expect(askedFor(before, "/usage")).toEqual(["2026-11-04"]);
    expect(await monthsIn("usage")).toEqual(months);
  },
);

test("where a month can't be read on the way back, the next night goes on from it", async () => {
  await start("", months);
  server.fault = ({ path, query }) =>
    path.endsWith("/usage") && query.get("start_date") === "2026-05-01" ? { status: 500 } : undefined;
  const { failures } = await setup.run();
  expect(failures.map(({ stream, window }) => [stream, window])).toEqual([
    ["usage", { from: "2026-05-01", to: "2026-05-31" }],
  ]);
  expect(await monthsIn("usage")).toEqual(["2026-10"]);
  server.fault = () => undefined;
  setup.at("2026-11-11T06:00:00Z");
  expect((await setup.run()).failures).toEqual([]);
  expect(await monthsIn("usage")).toEqual(months);
  expect(await monthsIn("resource_usage")).toEqual(months);
});

test("where there has been none for half a year, it says how to read what there was before", async () => {
  await start("", ["2025-11"]);
  expect((await setup.run()).failures).toEqual([]);
  expect(await monthsIn("usage")).toEqual([]);
  expect(setup.log.join("\n")).toContain("the last 6 months have no usage: say with --from");
  await setup.run({ from: "2025-11-01" });
  expect(await monthsIn("usage")).toEqual(["2025-11"]);
});
