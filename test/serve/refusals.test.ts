import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mostFormBytes } from "../../src/serve/form.ts";
import { type Serving, startServing } from "./serving.ts";

let serving: Serving;

beforeAll(async () => {
  serving = await startServing();
});
afterAll(() => serving?.close());

describe("a request that another site is behind", () => {
  it.each(["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "user@127.0.0.1"])(
    "is refused where it names another host: %s",
    async (host) => {
      const { status, text } = await serving.ask("/sql", { headers: { host } });
      expect(status).toBe(421);
      expect(text).not.toContain("form_token");
    },
  );

  it.each(["localhost:1234", "127.0.0.1", "[::1]:80"])("is none where the host is %s", async (host) => {
    expect((await serving.ask("/sql", { headers: { host } })).status).toBe(200);
  });

  it("may not write, whichever way its browser tells of it", async () => {
    const form = { form_token: await serving.formToken(), sql: "select 1" };
    const { host } = new URL(serving.url);
    for (const headers of [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: "http://127.0.0.1:1" },
      { "sec-fetch-site": "cross-site" },
      // Another port of this machine is the same site, and another server.
      { "sec-fetch-site": "same-site" },
    ]) {
      expect((await serving.ask("/sql", { form, headers })).status, JSON.stringify(headers)).toBe(403);
    }
    const own = { origin: `http://${host}`, "sec-fetch-site": "same-origin" };
    expect((await serving.ask("/sql", { form, headers: own })).status).toBe(200);
  });

  it("may not write without what stands in a form of ours", async () => {
    for (const form of [{ sql: "select 1" }, { sql: "select 1", form_token: "guessed" }]) {
      expect((await serving.ask("/sql", { form })).status).toBe(403);
    }
  });

  it("may not take a page or a file into a page of its own, but may link to it", async () => {
    const part = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" };
    expect((await serving.ask("/reports/2026-10/cost.csv", { headers: part })).status).toBe(403);
    const frame = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "iframe",
    };
    expect((await serving.ask("/sql", { headers: frame })).status).toBe(403);
    const link = { ...frame, "sec-fetch-dest": "document" };
    expect((await serving.ask("/sql", { headers: link })).status).toBe(200);
  });
});

it("says to every browser what a page may do, and to keep nothing", async () => {
  for (const path of ["/sql", "/reports/2026-10/cost.csv", "/nothing", "/"]) {
    const { headers } = await serving.ask(path);
    const policy = String(headers["content-security-policy"]);
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toMatch(/unsafe|\*|https?:/);
    expect(headers, path).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
    });
  }
});

describe("what is too much or of another kind", () => {
  it("is not read", async () => {
    const long = { form_token: "x", sql: "x".repeat(mostFormBytes) };
    expect((await serving.ask("/sql", { form: long })).status).toBe(413);
    const chunked = {
      "content-type": "application/x-www-form-urlencoded",
      "transfer-encoding": "chunked",
    };
    const body = `sql=${"x".repeat(mostFormBytes)}`;
    expect((await serving.ask("/sql", { headers: chunked, body })).status).toBe(413);
    const json = { "content-type": "application/json" };
    expect((await serving.ask("/sql", { headers: json, body: "{}" })).status).toBe(415);
    expect((await serving.ask("/sql", { method: "PUT", form: {} })).status).toBe(405);
    expect((await serving.ask("/tables")).status).toBe(404);
    expect((await serving.ask("/constructor")).status).toBe(404);
  });
});

describe("the reports", () => {
  it("are served with their types, and nothing beside them is", async () => {
    const { context, ask } = serving;
    const { reports } = context.workspace;
    writeFileSync(join(context.root, "tally.toml"), "secret = 1\n");
    mkdirSync(join(context.root, "elsewhere"));
    writeFileSync(join(context.root, "elsewhere", "kept.csv"), "kept\n");
    writeFileSync(join(reports, ".hidden.csv"), "hidden\n");
    writeFileSync(join(reports, "hostile.svg"), "<svg onload='alert(1)'/>");
    symlinkSync(join(context.root, "elsewhere"), join(reports, "away"));
    symlinkSync(join(context.root, "tally.toml"), join(reports, "away.csv"));

    const csv = await ask("/reports/2026-10/cost.csv");
    expect(csv).toMatchObject({ status: 200, text: "month,cost\r\n2026-10,775.31\r\n" });
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
    const svg = await ask("/reports/hostile.svg");
    expect(svg.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": "attachment",
    });
    for (const path of [
      "../tally.toml",
      "%2e%2e/tally.toml",
      "..%2ftally.toml",
      "2026-10/../../tally.toml",
      "..%5ctally.toml",
      "2026-10%00/cost.csv",
      "%zz",
      "away/kept.csv",
      "away.csv",
      ".hidden.csv",
      "nothing.csv",
    ]) {
      const { status, text } = await ask(`/reports/${path}`);
      expect(status, path).toBe(404);
      expect(text, path).not.toMatch(/secret|kept|hidden/);
    }
  });

  it("keep the policy that they were written with, and a page that tally did not write gets none", async () => {
    const { context, ask } = serving;
    writeFileSync(
      join(context.workspace.reports, "foreign.html"),
      `<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">\n<script>1</script>`,
    );
    const { headers } = await ask("/reports/foreign.html");
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });
});

describe("a server that others can reach", () => {
  it("opens nothing without its token, and everything with it", async () => {
    const shared = await startServing({ host: "0.0.0.0" });
    try {
      const { ask, token } = shared;
      expect(token).toMatch(/^[\w-]{32}$/);
      for (const path of ["/", "/sql", "/dictionary", "/reports/2026-10/cost.csv", "/nothing"]) {
        const { status, headers } = await ask(path);
        expect([status, headers.location], path).toEqual([303, "/sign-in"]);
      }
      expect((await ask("/sql", { form: { sql: "select 1" } })).status).toBe(401);
      const page = await ask("/sign-in");
      const formToken = /name="form_token" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
      const wrong = await ask("/sign-in", { form: { form_token: formToken, token: "wrong" } });
      expect([wrong.status, wrong.headers["set-cookie"]]).toEqual([403, undefined]);
      const right = await ask("/sign-in", { form: { form_token: formToken, token: token ?? "" } });
      const [cookie = ""] = right.headers["set-cookie"] ?? [];
      expect(cookie).toMatch(/^tally_\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/);
      expect(cookie).not.toContain(token);
      const [pair = ""] = cookie.split(";");
      expect((await ask("/sql", { headers: { cookie: pair } })).status).toBe(200);
      expect((await ask("/sql", { headers: { cookie: `${pair}x` } })).status).toBe(303);
      expect((await ask("/sql", { headers: { cookie: pair, host: "evil.example" } })).status).toBe(421);
    } finally {
      await shared.close();
    }
  });

  it("takes the token of its environment, also where it is bound to this machine alone", async () => {
    const env = { TALLY_SERVE_TOKEN: "a token of some length" };
    const shared = await startServing({ env, allowedHosts: ["costs.example"] });
    try {
      expect(shared.token).toBeNull();
      expect((await shared.ask("/sql", { headers: { host: "costs.example" } })).headers.location).toBe(
        "/sign-in",
      );
    } finally {
      await shared.close();
    }
    await expect(startServing({ env: { TALLY_SERVE_TOKEN: "short" } })).rejects.toThrow(
      "TALLY_SERVE_TOKEN has fewer than 16 characters.",
    );
  });
});
