import { afterEach, describe, expect, test } from "vitest";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

afterEach(async () => {
  await setup.close();
  await server.close();
});

const vms = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: `vm-${String(from + index).padStart(3, "0")}` }));

const path = "/projects/p-1/compute/vms/instances";

async function start(): Promise<void> {
  const account = smallAccount();
  account.vms["p-1"] = vms(0, 25);
  server = await startContractServer(account, { pageLimit: 10 });
  setup = await setUp({ endpoint: server.endpoint });
}

/** Changes the list as the server is asked for its second page, for the first time from now on. */
function onceAtSecondPage(change: () => void): void {
  let isDone = false;
  server.fault = (request) => {
    if (!isDone && request.path === path && request.query.get("next_token") === "t10") {
      isDone = true;
      change();
    }
    return undefined;
  };
}

const current = async () => {
  const rows = await setup.all<{ id: string }>("select id from raw.vms where _valid_to is null order by id");
  return rows.map(({ id }) => id);
};

const asked = () => server.seen.filter((request) => request.path === path).length;

describe("a list that shifts while its pages are read", () => {
  test("because a row appears before them has each row once", async () => {
    await start();
    onceAtSecondPage(() => server.account.vms["p-1"]?.unshift({ id: "vm-new" }));
    expect((await setup.run()).failures).toEqual([]);
    expect(await current()).toEqual([...vms(0, 25).map(({ id }) => id), "vm-new"]);
  });

  test.each(["the first run", "a later run"])("because a row goes loses none, on %s", async (when) => {
    await start();
    if (when === "a later run") {
      await setup.run();
      setup.at("2026-11-11T06:00:00Z");
    }
    // The eleventh becomes the tenth, on a page that was read already.
    onceAtSecondPage(() => server.account.vms["p-1"]?.shift());
    expect((await setup.run()).failures).toEqual([]);
    expect(await current()).toEqual(vms(1, 25).map(({ id }) => id));
    const versions = await setup.all("select id from raw.vms where _valid_to is not null");
    expect(versions).toEqual(when === "a later run" ? [{ id: "vm-000" }] : []);
  });

  test("again and again closes nothing that any reading saw", async () => {
    await start();
    await setup.run();
    setup.at("2026-11-11T06:00:00Z");
    let next = 25;
    server.fault = (request) => {
      if (request.path === path && request.query.get("next_token") === "t10") {
        server.account.vms["p-1"]?.shift();
        server.account.vms["p-1"]?.push({ id: `vm-${String(next++).padStart(3, "0")}` });
      }
      return undefined;
    };
    expect((await setup.run()).failures).toEqual([]);
    expect(await current()).toEqual(vms(0, next).map(({ id }) => id));
  });

  test("is not read again where it did not, on any night but the first", async () => {
    await start();
    await setup.run();
    expect(asked()).toBe(6);
    setup.at("2026-11-11T06:00:00Z");
    await setup.run();
    expect(asked()).toBe(9);
  });
});
