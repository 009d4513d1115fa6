import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serving, withGateway } from "./acme.ts";
import { canonical, get, key, send, signatureOf, signedHeaders, timestampOf } from "./signed-client.ts";

const path = "/v1alpha5/organizations/entities";

describe("a request's signature", () => {
  const gateway = serving();

  it("is accepted in the form of both published vectors", async () => {
    const timestamp = "2024-01-02T03:04:05Z";
    const vectors = [
      {
        organization: "/v1alpha5/organizations/entities",
        query: "",
        signature: "G8ZHzaav0hEOqwNiUHeKXl-i9UIPTU38wtPu3Wf2iVA",
        status: 200,
      },
      {
        organization: "/v1alpha5/organizations/0b1e/usage",
        query: "end_date=2024-01-31&projects=a%2Cb&regions=us-east1+x&start_date=2024-01-01",
        signature: "REEx8YlS8f_oCKzpFhsx3P109SEYJfB9BH6xepd1mFU",
        // Well signed, but another's organisation.
        status: 403,
      },
    ];
    await withGateway({ wallClock: () => new Date(timestamp) }, async (endpoint) => {
      for (const { organization, query, signature, status } of vectors) {
        const signed = signatureOf(key.secretKey, { method: "GET", path: organization, query, timestamp });
        expect(signed).toBe(signature);
        const headers = {
          "X-Crusoe-Timestamp": timestamp,
          Authorization: `Bearer 1.0:${key.accessKeyId}:${signature}`,
        };
        const target = query ? `${organization}?${query}` : organization;
        expect((await send(endpoint, target, { headers })).status).toBe(status);
      }
    });
  });

  it("does not depend on the order of the query's keys, or on how it is escaped in the URL", async () => {
    const headers = () => signedHeaders("GET", path, "a=1&b=x+y&b=%7E%26");
    for (const sent of ["b=x%20y&b=~%26&a=1", "a=%31&b=x+y&b=%7e%26", "&a=1&&b=x+y&b=~%26"]) {
      // The tilde is one of the characters that stay as they are.
      const expected = signedHeaders("GET", path, "a=1&b=x+y&b=~%26");
      expect((await send(gateway.endpoint, `${path}?${sent}`, { headers: expected })).status).toBe(200);
      expect((await send(gateway.endpoint, `${path}?${sent}`, { headers: headers() })).status).toBe(401);
    }
  });

  it("holds for any parameters that a client may send", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(text, fc.array(text, { minLength: 1, maxLength: 3 }), { maxKeys: 4 }),
        async (query) => {
          const { org_id: _, ...parameters } = query;
          // Keys that differ beyond the basic plane sort otherwise in UTF-16 than in bytes; the form is of bytes.
          fc.pre(Object.keys(parameters).every((name) => !/[\ud800-\udfff]/.test(name)));
          expect((await get(gateway.endpoint, "/organizations/entities", parameters)).status).toBe(200);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("is accepted with a padded signature, and under /v1", async () => {
    const headers = signedHeaders("GET", "/v1/organizations/entities", "");
    expect((await send(gateway.endpoint, "/v1/organizations/entities", { headers })).status).toBe(200);
    const padded = { ...headers, Authorization: `${headers.Authorization}=` };
    expect((await send(gateway.endpoint, "/v1/organizations/entities", { headers: padded })).status).toBe(
      200,
    );
  });

  it("is accepted within five minutes of the machine's clock or of the gateway's", async () => {
    const clock = new Date("2020-05-05T00:00:00Z");
    await withGateway({ clock: () => clock }, async (endpoint) => {
      const at = (date: Date) => send(endpoint, path, { headers: signedHeaders("GET", path, "", key, date) });
      expect((await at(new Date())).status).toBe(200);
      expect((await at(new Date(clock.getTime() + 300_000))).status).toBe(200);
      expect((await at(new Date(clock.getTime() + 301_000))).status).toBe(401);
      expect((await at(new Date(Date.now() - 310_000))).status).toBe(401);
    });
  });

  const refused: [string, (headers: Record<string, string>) => Record<string, string>, string?][] = [
    ["without any header", () => ({})],
    ["without a timestamp", ({ Authorization = "" }) => ({ Authorization })],
    [
      "without an Authorization header",
      ({ "X-Crusoe-Timestamp": time = "" }) => ({ "X-Crusoe-Timestamp": time }),
    ],
    ["with a wrong key", () => signedHeaders("GET", path, "", { ...key, secretKey: "d3Jvbmc" })],
    ["with an unknown key id", () => signedHeaders("GET", path, "", { ...key, accessKeyId: "someone" })],
    ["for another method", () => signedHeaders("POST", path, "")],
    ["for another path", () => signedHeaders("GET", "/v1alpha5/users/tokens", "")],
    ["for another query", (headers) => headers, `${path}?org_id=1`],
    ["of another scheme", (headers) => ({ ...headers, Authorization: "Basic dGVzdA==" })],
    [
      "of another version",
      (headers) => ({ ...headers, Authorization: headers.Authorization?.replace("1.0", "1.1") ?? "" }),
    ],
    [
      "with a signature cut short",
      (headers) => ({ ...headers, Authorization: headers.Authorization?.slice(0, -2) ?? "" }),
    ],
    [
      "with fractions of a second",
      () => {
        const timestamp = new Date().toISOString();
        const signature = signatureOf(key.secretKey, { method: "GET", path, query: "", timestamp });
        return {
          "X-Crusoe-Timestamp": timestamp,
          Authorization: `Bearer 1.0:${key.accessKeyId}:${signature}`,
        };
      },
    ],
    ["with a time long ago", () => signedHeaders("GET", path, "", key, new Date("2019-01-01T00:00:00Z"))],
    ["with a time to come", () => signedHeaders("GET", path, "", key, new Date(Date.now() + 600_000))],
    ["with no time", (headers) => ({ ...headers, "X-Crusoe-Timestamp": "now" })],
  ];
  it.each(refused)("is refused %s", async (_, spoil, target = path) => {
    const headers = spoil(signedHeaders("GET", path, ""));
    const { status, text } = await send(gateway.endpoint, target, { headers });
    expect(status).toBe(401);
    expect(JSON.parse(text)).toEqual({ code: "401", message: expect.stringMatching(/^bad_credential/) });
    expect(text).not.toContain(key.secretKey);
  });

  it("is refused when one character of the query was changed on the way", async () => {
    const query = canonical({ org_id: "org-acme", project_name: "alpha" });
    const headers = signedHeaders("GET", "/v1alpha5/organizations/projects", query);
    const target = (changed: string) => `/v1alpha5/organizations/projects?${changed}`;
    expect((await send(gateway.endpoint, target(query), { headers })).status).toBe(200);
    expect((await send(gateway.endpoint, target(query.replace("alpha", "alphb")), { headers })).status).toBe(
      401,
    );
  });

  it("says that the clock is off, since that is what a user can mend", async () => {
    const headers = signedHeaders("GET", path, "", key, new Date(Date.now() - 3_600_000));
    expect((await send(gateway.endpoint, path, { headers })).text).toContain(
      "5 minutes from the server's clock",
    );
    expect(timestampOf(new Date(0))).toBe("1970-01-01T00:00:00Z");
  });
});
