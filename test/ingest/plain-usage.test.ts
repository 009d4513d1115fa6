import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { defineMacros } from "../../src/ingest/column-sql.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer | undefined;
let setup: Setup | undefined;
afterEach(async () => {
  await setup?.close();
  await server?.close();
  setup = undefined;
  server = undefined;
});

/** The text of a number to twelve decimals, half up, in millionths of a millionth. */
function trillionths(text: string): bigint {
  const [mantissa = "", exponent = "0"] = text.replace(/^-/, "").split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const places = fraction.length - Number(exponent) - 12;
  const digits = BigInt(whole + fraction);
  const size = places <= 0 ? digits * 10n ** BigInt(-places) : halfUp(digits, 10n ** BigInt(places));
  return text.startsWith("-") ? -size : size;
}

const halfUp = (digits: bigint, unit: bigint) => (digits * 2n + unit) / (unit * 2n);

const inTrillionths = (decimal: string) => BigInt(decimal.replace(".", ""));

test("a double becomes the decimal that its text reads as, to the last digit, also where that is a half", async () => {
  const warehouse = await openWarehouse(join(tmpdir(), ":memory:"), { memoryLimit: "256MB", threads: 1 });
  await defineMacros(warehouse);
  const part = (length: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length });
  const nearHalf = fc
    .tuple(
      fc.integer({ min: -1_100, max: 1_100 }),
      part(12),
      fc.constantFrom("5", "49", "499", "50", "51", "501"),
    )
    .map(([whole, digits, rest]) => Number(`${whole}.${digits.join("")}${rest}`));
  const seconds = fc.integer({ min: 0, max: 9_000_000 }).map((number) => number / 3600);
  const anyDouble = fc.double({ min: -1e12, max: 1e12, noNaN: true });
  const doubles = fc.array(fc.oneof(nearHalf, seconds, anyDouble), { minLength: 400, maxLength: 400 });
  await fc.assert(
    fc.asyncProperty(doubles, async (numbers) => {
      const rows = await warehouse.all<{ value: string }>(
        `select decimal_of_double(d::double)::varchar as value
         from (select unnest([${numbers.map((each) => `'${each}'`).join(", ")}]) as d)`,
      );
      expect(rows.map(({ value }) => inTrillionths(value))).toEqual(
        numbers.map((each) => trillionths(String(each))),
      );
    }),
    { numRuns: 40 },
  );
  warehouse.close();
});

/** Usage of November 2026 as the API gives it, with nothing in it that needs a second look. */
function rowsOf(quantities: readonly string[]): string[] {
  return quantities.map(
    (quantity, index) =>
      `{"billable_metric":"gpu-hours","date":"2026-11-0${1 + (index % 9)}","project_id":"p-${1 + (index % 2)}",` +
      `"quantity":${quantity},"region":"us-east1","reservation_id":"","resource_type":"a-type-of-some-${index}"}`,
  );
}

async function load(rows: readonly string[], onNight = "2026-11-10") {
  setup?.at(`${onNight}T06:00:00Z`);
  if (server) server.fault = () => undefined;
  const body = `{"items":[${rows.join(",")}]}`;
  expect(body.length).toBeGreaterThan(2 ** 20);
  const account = smallAccount();
  account.options.start = "2026-11-01";
  server ??= await startContractServer(account);
  server.fault = ({ path }) => (path.endsWith("/usage") ? { status: 200, body } : undefined);
  setup ??= await setUp({ endpoint: server.endpoint });
  return setup.run({ streams: ["usage"] });
}

const known = () =>
  setup?.all<{ rows: number; total: string; empty: number }>(
    `select
       count(*)::int as rows,
       sum(quantity)::varchar as total,
       count(reservation_id)::int as empty
     from raw.usage
     where _known_to is null`,
  );

test("plain usage, read as doubles, holds what its numbers say, and is the same by whichever way it is read", async () => {
  const quantities = Array.from({ length: 9_000 }, (_, index) =>
    String(index % 50 === 0 ? index * 1_234.567_890_1 : (index * 37) / 3600),
  );
  const rows = rowsOf(quantities);
  const total = quantities.reduce((sum, text) => sum + trillionths(text), 0n);
  expect((await load(rows)).failures).toEqual([]);
  const [found] = (await known()) ?? [];
  expect({ ...found, total: inTrillionths(found?.total ?? "") }).toEqual({ rows: 9_000, empty: 0, total });

  // A row that is there twice has all of them read with care, and none of them differs for it.
  await load([...rows, rows[0] ?? ""], "2026-11-11");
  expect(await setup?.all("select count(*)::int as rows from raw.usage")).toEqual([{ rows: 9_000 }]);
});

test("plain usage with a number in quotes keeps each of its digits, and a word for a number is put aside", async () => {
  const quantities = Array.from({ length: 9_000 }, () => "1");
  const summary = await load(rowsOf([...quantities, '"12345678.123456789012"', '"7.5"']));
  expect(summary.failures).toEqual([]);
  expect(await known()).toEqual([{ rows: 9_002, total: "12354685.623456789012", empty: 0 }]);

  const partial = await load(rowsOf([...quantities.slice(1), "true"]), "2026-11-11");
  expect(partial.failures).toMatchObject([{ stream: "usage", isPartial: true }]);
  expect(await setup?.all("select reason from raw.quarantine")).toEqual([{ reason: "is no number" }]);
  // What is put aside leaves what was known of it alone.
  expect(await known()).toEqual([{ rows: 9_002, total: "12354685.623456789012", empty: 0 }]);
});
