import { ApiError } from "../errors/api-error.ts";
import { printable } from "../printable.ts";
import { retryAfterMs } from "./retry.ts";

/** The request that an error tells of. */
export interface FailedRequest {
  method: string;
  path: string;
  host: string;
  /** The instant that it was signed for. */
  at: Date;
  /** Strikes out what is secret. */
  redact: (text: string) => string;
}

const longestErrorBody = 64 * 1024;
const longestShown = 300;
const noticeableSkewMs = 60_000;

/** `GET /v1alpha5/… answered 500.` */
export function failureSentence({ method, path }: FailedRequest, what: string): string {
  return `${method} ${path} ${what}.`;
}

/** The error for an answer whose status says that it failed, with what its body says. */
export async function statusError(failed: FailedRequest, response: Response): Promise<ApiError> {
  const { code, apiMessage, isPage } = await readErrorBody(failed, response);
  const said = [code !== String(response.status) && code, apiMessage].filter(Boolean).join(": ");
  const clockSkewMs = response.status === 401 ? clockSkewOf(failed, response) : undefined;
  const shown = said ? ` (${said})` : isPage ? " with a page instead of JSON" : "";
  return new ApiError(
    failureSentence(failed, `answered ${response.status}${shown}`),
    {
      ...failed,
      failure: "status",
      status: response.status,
      code,
      apiMessage,
      retryAfterMs: retryAfterMs(
        response.headers.get("retry-after"),
        response.headers.get("date"),
        failed.at,
      ),
      clockSkewMs,
    },
    hintOption(hintFor(failed, response, clockSkewMs)),
  );
}

/** The error for a redirect. Its target is named by host alone: the rest may hold anything. */
export function redirectError(failed: FailedRequest, response: Response): ApiError {
  const location = response.headers.get("location");
  let target = "";
  try {
    if (location) target = ` to ${new URL(location, `http://${failed.host}`).host}`;
  } catch {
    // A target that is no URL is not worth a word.
  }
  return new ApiError(
    failureSentence(failed, `answered ${response.status || "with"}, a redirect${target}`),
    { ...failed, failure: "redirect", status: response.status || undefined },
    { hint: "Credentials never follow a redirect: set CRUSOE_API_ENDPOINT to where the API really is." },
  );
}

const hintOption = (hint: string | undefined) => (hint === undefined ? {} : { hint });

/** By how much the server's clock is ahead of ours; undefined where they agree, or it shows none. */
function clockSkewOf({ at }: FailedRequest, response: Response): number | undefined {
  const skewMs = Date.parse(response.headers.get("date") ?? "") - at.getTime();
  return Math.abs(skewMs) < noticeableSkewMs || Number.isNaN(skewMs) ? undefined : skewMs;
}

function hintFor(failed: FailedRequest, response: Response, skewMs: number | undefined): string | undefined {
  switch (response.status) {
    case 401: {
      if (skewMs === undefined) {
        return "Check CRUSOE_ACCESS_KEY_ID and CRUSOE_SECRET_KEY: the key may be mistyped, expired or removed.";
      }
      const minutes = Math.max(1, Math.round(Math.abs(skewMs) / 60_000));
      return (
        `The clock may be the cause: the request was signed for ${failed.at.toISOString().slice(0, 19)}Z, ` +
        `${minutes} min ${skewMs > 0 ? "behind" : "ahead of"} the server's time, and a signature's time is ` +
        "refused when it is minutes off. Set this machine's clock (NTP), then check the key."
      );
    }
    case 403:
      return "The key is right, but its user may not read this: ask the organisation's owner for a role that may.";
    case 404:
      return "See that CRUSOE_API_ENDPOINT ends with the API's version, such as /v1alpha5.";
    case 429:
      return "Lower max_in_flight under [api] in tally.toml if this goes on.";
    default:
      return undefined;
  }
}

interface ErrorBody {
  code: string | undefined;
  apiMessage: string | undefined;
  isPage: boolean;
}

async function readErrorBody(failed: FailedRequest, response: Response): Promise<ErrorBody> {
  const text = await readSome(response);
  const isPage = /^\s*</.test(text);
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    const show = (value: unknown) =>
      typeof value === "string" || typeof value === "number"
        ? printable(failed.redact(String(value)).replace(/\s+/g, " "))
            .trim()
            .slice(0, longestShown) || undefined
        : undefined;
    return { code: show(code), apiMessage: show(message), isPage };
  } catch {
    return { code: undefined, apiMessage: undefined, isPage };
  }
}

async function readSome(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > longestErrorBody) break;
    }
  } catch {
    // The status has said it already; a body that broke off adds nothing.
  }
  return text;
}
