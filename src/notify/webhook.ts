import type { Effects } from "../effects.ts";
import type { NotifyTarget } from "../notify-settings.ts";
import { type Delivery, DeliveryError, fromEnvironment } from "./delivery.ts";
import type { Message } from "./event.ts";

const timeoutMs = 10_000;
const mostItems = 100;

/** Slack takes no more than 3000 in one section, and refuses the whole message else. */
const longestSlackText = 2900;

/** Posts JSON of tally's own shape. */
export function webhook(
  target: Extract<NotifyTarget, { type: "webhook" }>,
  { env, fetch }: Pick<Effects, "env" | "fetch">,
): Delivery {
  return async (message) => {
    const url = target.url ?? fromEnvironment(env, target.urlEnv);
    const bearer = target.bearerEnv === undefined ? undefined : fromEnvironment(env, target.bearerEnv);
    await post(fetch, url, webhookBody(message), bearer);
  };
}

/** Posts what Slack's incoming webhooks take. */
export function slack(
  target: Extract<NotifyTarget, { type: "slack" }>,
  { env, fetch }: Pick<Effects, "env" | "fetch">,
): Delivery {
  return (message) => post(fetch, fromEnvironment(env, target.urlEnv), slackBody(message));
}

export const webhookBody = ({ kind, title, text, workspace, at, events }: Message): object => ({
  event: kind,
  title,
  text,
  workspace,
  at: at.toISOString(),
  count: events.length,
  items: events.slice(0, mostItems).map(({ key, summary, data }) => ({ key, summary, ...data })),
});

export function slackBody({ title, text }: Message): object {
  return {
    text: shortened(escaped(title)),
    blocks: [{ type: "section", text: { type: "mrkdwn", text: shortened(escaped(text)), verbatim: true } }],
  };
}

/** Cut at the end of a line, or else before what would be half of an escape or of a character. */
function shortened(text: string): string {
  if (text.length <= longestSlackText) return text;
  const cut = text.slice(0, longestSlackText);
  const lineEnd = cut.lastIndexOf("\n");
  return `${lineEnd > 0 ? cut.slice(0, lineEnd + 1) : cut.replace(/&[a-z]{0,3}$|[\ud800-\udbff]$/, "")}…`;
}

/** Slack reads &, < and > as its own: a name must not become a link or call everybody. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The URL may be a credential, so that no error names more of it than its host. */
async function post(fetch: Effects["fetch"], url: string, body: object, bearer?: string): Promise<void> {
  if (!URL.canParse(url)) throw new DeliveryError("its URL is none", false);
  const { host } = new URL(url);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    const reason =
      name === "TimeoutError"
        ? `gave no answer within ${timeoutMs / 1000} s`
        : `can't be reached${cause?.code ? ` (${cause.code})` : ""}`;
    throw new DeliveryError(`${host} ${reason}`, true);
  }
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  const mayPass = response.status === 408 || response.status === 429 || response.status >= 500;
  throw new DeliveryError(`${host} answered ${response.status}`, mayPass);
}
