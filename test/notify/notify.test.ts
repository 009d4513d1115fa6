import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { NotifyEvent } from "../../src/notify/event.ts";
import { type NotifyContext, notify } from "../../src/notify/notify.ts";
import { readTold } from "../../src/notify/told.ts";
import type { NotifyKind } from "../../src/notify-settings.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { mailServer, webhookServer } from "./receivers.ts";

type Context = NotifyContext & { effects: ReturnType<typeof testEffects> };

function contextOf(
  toml: string,
  {
    env = {},
    now,
    root = join(temporaryFolder(), "costs"),
  }: { env?: Record<string, string>; now?: string; root?: string } = {},
): Context {
  mkdirSync(join(root, "data"), { recursive: true });
  const workspace = workspaceAt(root);
  writeFileSync(workspace.tallyToml, toml);
  const effects = testEffects({ env, ...(now !== undefined && { now }) });
  return { effects, workspace, config: loadConfig(effects, workspace.tallyToml), retryAfterMs: 1 };
}

const finding = (id: string): NotifyEvent => ({
  kind: "finding",
  key: `unattached_disk:disk:${id}`,
  summary: `disk ${id}: 120.00 USD a month.`,
  data: { resource_id: id, monthly_waste: "120.00" },
});

const tell = (
  context: NotifyContext,
  events: readonly NotifyEvent[],
  kinds: NotifyKind[] = ["failure", "finding"],
) => notify(context, [{ kinds, eventsFor: async () => events }]);

describe("a webhook", () => {
  it("gets what is new as JSON, once, and what comes back after it was gone once more", async () => {
    const { url, received } = await webhookServer();
    const context = contextOf(`[[notify]]\ntype = "webhook"\nurl = "${url}/hook"\nbearer_env = "HOOK"`, {
      env: { HOOK: "hush" },
    });
    await tell(context, [finding("d1"), finding("d2")]);
    await tell(context, [finding("d1"), finding("d2")]);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      path: "/hook",
      headers: { "content-type": "application/json", authorization: "Bearer hush" },
      body: {
        event: "finding",
        title: "[tally costs] 2 resources are newly idle",
        workspace: "costs",
        at: "2026-11-03T06:00:00.000Z",
        count: 2,
        items: [
          { key: "unattached_disk:disk:d1", resource_id: "d1", monthly_waste: "120.00" },
          { key: "unattached_disk:disk:d2" },
        ],
      },
    });
    await tell(context, [finding("d1"), finding("d3")]);
    expect(received.map(({ body }) => body.count)).toEqual([2, 1]);
    await tell(context, [finding("d1"), finding("d2"), finding("d3")]);
    expect(received[2]?.body).toMatchObject({ items: [{ resource_id: "d2" }] });
    expect(context.effects.said()).not.toContain("warning");
  });

  it("is tried three times where its server is ill, and not where it refuses", async () => {
    const ill = await webhookServer([503, 500]);
    await tell(contextOf(`[[notify]]\ntype = "webhook"\nurl = "${ill.url}"`), [finding("d1")]);
    expect(ill.received).toHaveLength(3);

    const refusing = await webhookServer([403]);
    const context = contextOf(`[[notify]]\ntype = "webhook"\nurl = "${refusing.url}"`);
    await tell(context, [finding("d1")]);
    expect(refusing.received).toHaveLength(1);
    expect(context.effects.said()).toContain("warning: webhook-1 could not be told of finding: 127.0.0.1");
    // What did not arrive is told the next time.
    await tell(context, [finding("d1")]);
    expect(refusing.received).toHaveLength(2);
    await tell(context, [finding("d1")]);
    expect(refusing.received).toHaveLength(2);
  });

  it("that nobody listens to is a warning that keeps its secret, and fails nothing", async () => {
    const context = contextOf('[[notify]]\nname = "ops"\ntype = "webhook"\nurl_env = "HOOK"', {
      env: { HOOK: "http://127.0.0.1:9/s3cret-path?token=s3cret" },
    });
    await tell(context, [finding("d1")]);
    expect(context.effects.said()).toContain(
      "warning: ops could not be told of finding: 127.0.0.1:9 can't be reached",
    );
    expect(context.effects.said()).not.toContain("s3cret");
    const without = contextOf('[[notify]]\nname = "ops"\ntype = "webhook"\nurl_env = "HOOK"');
    await tell(without, [finding("d1")]);
    expect(without.effects.said()).toContain("the environment has no HOOK");
  });

  it("is told of a failure that lasts again after a week, and of stale data by its own choice only", async () => {
    const { url, received } = await webhookServer();
    const root = join(temporaryFolder(), "costs");
    const toml = `[[notify]]\ntype = "webhook"\nurl = "${url}"\non = ["failure"]`;
    const failure: NotifyEvent = {
      kind: "failure",
      key: "1:x",
      summary: "The host can't be reached.",
      data: {},
    };
    const stale: NotifyEvent = { kind: "stale", key: "stale", summary: "Old.", data: {} };
    for (const day of ["03", "04", "09", "10", "11"]) {
      await tell(
        contextOf(toml, { now: `2026-11-${day}T06:00:00Z`, root }),
        [failure, stale],
        ["failure", "stale"],
      );
    }
    expect(received.map(({ body }) => body.at)).toEqual([
      "2026-11-03T06:00:00.000Z",
      "2026-11-10T06:00:00.000Z",
    ]);
    await tell(contextOf(toml, { now: "2026-11-12T06:00:00Z", root }), []);
    await tell(contextOf(toml, { now: "2026-11-13T06:00:00Z", root }), [failure]);
    expect(received).toHaveLength(3);
  });

  it("gets its own words where tally.toml has them, and long lists in short", async () => {
    const { url, received } = await webhookServer();
    const context = contextOf(
      `[[notify]]\ntype = "webhook"\nurl = "${url}"\ntitle = "{kind} x{count}"\ntext = "{workspace}: {details}"`,
    );
    await tell(
      context,
      Array.from({ length: 30 }, (_, i) => finding(`{title}-${i}`)),
    );
    const [message] = received;
    expect(message?.body.title).toBe("finding x30");
    expect(String(message?.body.text).split("\n")).toHaveLength(21);
    expect(message?.body.text).toMatch(/^costs: - disk \{title\}-0: /);
    expect(message?.body.text).toMatch(/- and 10 more$/);
  });
});

it("Slack gets its own shape, in which no name is a link or calls everybody", async () => {
  const { url, received } = await webhookServer();
  const context = contextOf('[[notify]]\ntype = "slack"\nurl_env = "SLACK"', {
    env: { SLACK: `${url}/services/T/B/x` },
  });
  await tell(context, [{ ...finding("d1"), summary: "disk <!channel> & <http://evil|click>" }]);
  expect(received).toHaveLength(1);
  expect(received[0]?.body).toEqual({
    text: "[tally costs] A resource is newly idle",
    blocks: [
      {
        type: "section",
        text: {
          type: "mrkdwn",
          verbatim: true,
          text: "A resource is newly idle\n\n- disk &lt;!channel&gt; &amp; &lt;http://evil|click&gt;\n",
        },
      },
    ],
  });
});

it("Slack gets whole lines of a long message, and no more than it takes once they are escaped", async () => {
  const { url, received } = await webhookServer();
  const context = contextOf('[[notify]]\ntype = "slack"\nurl_env = "SLACK"', { env: { SLACK: url } });
  const line = `disk <R&D>: ${"long ".repeat(28)}end`;
  await tell(
    context,
    Array.from({ length: 20 }, (_, i) => ({ ...finding(`d${i}`), summary: line })),
  );
  expect(received).toHaveLength(1);
  const blocks = (received[0]?.body.blocks ?? []) as { text: { text: string } }[];
  const text = blocks[0]?.text.text ?? "";
  // 2900 hold the title and 17 lines of 168 with their ends: 26 + 17 * 168 = 2882.
  expect(text.length).toBeLessThanOrEqual(3000);
  expect(text.endsWith("end\n…")).toBe(true);
  expect(text.split("\n").filter((each) => each.startsWith("- disk &lt;R&amp;D&gt;: "))).toHaveLength(17);
});

describe("e-mail", () => {
  const toml = (port: number) =>
    `[[notify]]\ntype = "email"\nhost = "127.0.0.1"\nport = ${port}\nsecurity = "none"\nuser = "tally"\npassword_env = "MAIL"\nfrom = "tally@example.com"\nto = ["finance@example.com", "ops@example.com"]\n`;

  it("arrives by SMTP with the password of the environment, also where the server asks to come again", async () => {
    const server = await mailServer({ refusals: 1 });
    const context = contextOf(toml(server.port), { env: { MAIL: "p4ss" } });
    await tell(context, [{ ...finding("d1"), summary: "disk d1\r\nBcc: evil@example.com" }]);
    await tell(context, [finding("d1")]);
    expect(server.tries()).toBe(2);
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: "tally@example.com",
      to: ["finance@example.com", "ops@example.com"],
      auth: ["tally", "p4ss"],
    });
    expect(mail?.data).toContain("Subject: [tally costs] A resource is newly idle\n");
    expect(mail?.data).toContain("Auto-Submitted: auto-generated\n");
    expect(mail?.data).not.toMatch(/^Bcc:/m);
    expect(readFileSync(context.workspace.notified, "utf8")).not.toContain("p4ss");
  });

  it("that can't be sent is a warning without the password", async () => {
    const context = contextOf(toml(9), { env: { MAIL: "p4ss" } });
    await tell(context, [finding("d1")]);
    expect(context.effects.said()).toMatch(
      /warning: email-1 could not be told of finding: 127\.0\.0\.1:9 failed \(E\w+\)/,
    );
    expect(context.effects.said()).not.toContain("p4ss");
  });
});

it("two processes that tell at the same time both remember what they told", async () => {
  const { workspace, effects } = contextOf("");
  const [run, status] = [
    await readTold(workspace, effects.now()),
    await readTold(workspace, effects.now()),
  ] as const;
  const stale: NotifyEvent = { kind: "stale", key: "stale", summary: "Old.", data: {} };
  run.add("ops", [finding("d1")]);
  status.add("ops", [stale]);
  await run.save();
  await status.save();
  const later = await readTold(workspace, effects.now());
  expect(later.newOf("ops", [finding("d1"), stale, finding("d2")])).toEqual([finding("d2")]);
});

describe("a channel is refused", () => {
  it.each([
    ["that leads nowhere", 'type = "webhook"', "needs one of url and url_env"],
    ["whose URL is none", 'type = "webhook"\nurl = "ftp://x"', "has a url that is none"],
    [
      "whose URL is a credential",
      'type = "webhook"\nurl = "https://u:p4ss@example.com"',
      "has a url that is a credential",
    ],
    [
      "whose Slack URL stands in the file",
      'type = "webhook"\nurl = "https://hooks.slack.com/services/T/B/p4ss"',
      "has a url that is a credential",
    ],
    [
      "with a password in the file",
      'type = "email"\nhost = "h"\nfrom = "a@b.c"\nto = ["a@b.c"]\npassword = "p4ss"',
      "holds password",
    ],
    [
      "with a user and no password",
      'type = "email"\nhost = "h"\nfrom = "a@b.c"\nto = ["a@b.c"]\nuser = "u"',
      "only one of user and password_env",
    ],
    ["that is asked for what there is not", 'type = "slack"\nurl_env = "X"\non = ["success"]', "notify.0.on"],
  ])("%s", (_what, toml, reason) => {
    const attempt = () => contextOf(`[[notify]]\n${toml}\n`);
    expect(attempt).toThrow(reason);
    expect(attempt).not.toThrow("p4ss");
  });
});

it("what several processes tell at the same moment is all remembered, also where one died amid it", async () => {
  const { workspace } = contextOf("");
  writeFileSync(`${workspace.notified}.lock`, "");
  utimesSync(`${workspace.notified}.lock`, new Date(0), new Date(0));
  const now = new Date("2026-11-03T06:00:00Z");
  const names = Array.from({ length: 12 }, (_, i) => `d${i}`);
  const processes = await Promise.all(names.map(() => readTold(workspace, now)));
  await Promise.all(
    processes.map((told, i) => {
      told.add("hook", [finding(names[i] ?? "")]);
      return told.save();
    }),
  );
  const later = await readTold(workspace, now);
  expect(later.newOf("hook", names.map(finding))).toEqual([]);
  expect(readdirSync(join(workspace.root, "data"))).toEqual(["notified.json"]);
});
