import { z } from "zod";
import { type Answer, json } from "../answer.ts";
import { drawn, faultKind, formOr, oneOf } from "./hit.ts";
import { loopingPage, misshapen, repeated, shapes, shiftedPage } from "./lists.ts";
import { listingOf } from "./rows.ts";
import { cutShort, dripped, resetAmid, resetBefore, withoutEnd } from "./wire.ts";

const page = (status: number, title: string): Answer => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8" },
  body: `<!doctype html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
});

const refusal = (status: number, message: string): Answer => json({ code: String(status), message }, status);

/** A refusal that comes again however often one asks. */
const refusing = (status: number, message: string) =>
  faultKind({
    about: `${status}, as the API says it`,
    parameters: {},
    strike: () => refusal(status, message),
  });

/** Every way in which a request can be made to go wrong. What is left out of a rule is drawn for each strike. */
export const faultKinds = {
  "rate-limit": faultKind({
    about: "429 with Retry-After, in seconds or as an HTTP date",
    parameters: { form: oneOf(["seconds", "date"]), retry_after: z.number().min(0).default(1) },
    strike({ form, retry_after: seconds }, hit) {
      const at = new Date(Math.ceil(hit.wallClock().getTime() / 1000 + seconds) * 1000);
      const asked = formOr(form, ["seconds", "date"], hit) === "date" ? at.toUTCString() : String(seconds);
      const { headers, ...limited } = refusal(429, "too_many_requests: slow down");
      return { ...limited, headers: { ...headers, "retry-after": asked } };
    },
  }),
  "server-error": faultKind({
    about: "500 or 503; with burst=N as many in a row",
    parameters: { status: z.number().int().min(500).max(599).optional() },
    strike({ status }, { random }) {
      const chosen = status ?? drawn([500, 503], random);
      return refusal(chosen, chosen === 503 ? "unavailable: try again later" : "internal_error");
    },
  }),
  "bad-gateway": faultKind({
    about: "502 with a page of HTML, as a proxy answers that lost the API behind it",
    parameters: {},
    strike: () => page(502, "502 Bad Gateway"),
  }),
  reset: faultKind({
    about: "the connection is reset, before the answer or amid it",
    parameters: { form: oneOf(["before", "amid"]) },
    strike: async ({ form }, hit) =>
      formOr(form, ["before", "amid"], hit) === "before" ? resetBefore() : resetAmid(await hit.answer()),
  }),
  truncate: faultKind({
    about: "half a body: shorter than its length says, chunked without an end, or passing for whole (body)",
    parameters: { form: oneOf(["length", "chunked", "body"]) },
    strike: async ({ form }, hit) =>
      cutShort(await hit.answer(), formOr(form, ["length", "chunked", "body"], hit)),
  }),
  slow: faultKind({
    about: "a body that drips, and comes to its end",
    parameters: {
      delay_ms: z.number().min(0).default(0),
      bytes: z.number().int().min(1).default(64),
      every_ms: z.number().min(0).default(50),
    },
    strike: async ({ delay_ms: delayMs, bytes, every_ms: everyMs }, hit) =>
      dripped(await hit.answer(), { delayMs, bytes, everyMs }),
  }),
  endless: faultKind({
    about: "a body that never ends: blanks as fast as they are read, or silence",
    parameters: { form: oneOf(["blanks", "silence"]) },
    strike: async ({ form }, hit) => withoutEnd(await hit.answer(), formOr(form, ["blanks", "silence"], hit)),
  }),
  "wrong-type": faultKind({
    about: "200 and text/html: a page to sign in (page), or the right body under that name (label)",
    parameters: { form: oneOf(["page", "label"]) },
    async strike({ form }, hit) {
      if (formOr(form, ["page", "label"], hit) === "page") return page(200, "Sign in");
      const answer = await hit.answer();
      return { ...answer, headers: { ...answer.headers, "content-type": "text/html" } };
    },
  }),
  "wrong-shape": faultKind({
    about: `a list of another shape: ${shapes.join(", ")}`,
    parameters: {
      form: oneOf(shapes),
      field: z.string().optional(),
      row: z.number().int().min(0).optional(),
    },
    async strike({ form, field, row }, hit) {
      const listing = listingOf(await hit.answer());
      return listing && misshapen(listing, form, { field, row, random: hit.random });
    },
  }),
  duplicate: faultKind({
    about: "rows that come twice in one answer",
    parameters: { share: z.number().min(0).max(1).default(0.5), copies: z.number().int().min(1).default(1) },
    async strike({ share, copies }, hit) {
      const listing = listingOf(await hit.answer());
      return listing && repeated(listing, { share, copies, random: hit.random });
    },
  }),
  "token-loop": faultKind({
    about:
      "next_page_token leads to the page it came with (same), or from the last page to the first (around)",
    parameters: { form: oneOf(["same", "around"]) },
    async strike({ form }, hit) {
      const listing = listingOf(await hit.answer());
      return listing && loopingPage(listing, formOr(form, ["same", "around"], hit), hit.request.target);
    },
  }),
  "shifting-page": faultKind({
    about:
      "between two pages a row appears before them, so that one comes twice, or goes, so that one is missed",
    parameters: { form: oneOf(["appears", "disappears"]) },
    async strike({ form }, hit) {
      const listing = listingOf(await hit.answer());
      const chosen = () => formOr(form, ["appears", "disappears"], hit);
      return listing && shiftedPage(listing, chosen, hit.request.target, hit.memory);
    },
  }),
  "clock-skew": faultKind({
    about:
      "the gateway's clock is off by minutes: 401 for a signature made by the right one, and a Date that tells",
    parameters: { minutes: z.number().default(10) },
    async strike({ minutes }, { answerBy, wallClock }) {
      const skewed = new Date(wallClock().getTime() + minutes * 60_000);
      const answer = await answerBy(skewed);
      return { ...answer, headers: { ...answer.headers, date: skewed.toUTCString() } };
    },
  }),
  redirect: faultKind({
    about: "302 to another server, which writes down whether credentials came along",
    parameters: { status: z.number().int().min(300).max(399).default(302), location: z.string().optional() },
    async strike({ status, location }, { request, elsewhere }) {
      return {
        ...page(status, "Moved"),
        headers: { location: location ?? (await elsewhere()) + request.target },
      };
    },
  }),
  unauthorized: refusing(401, "bad_credential"),
  forbidden: refusing(403, "forbidden: no access"),
  "not-found": refusing(404, "not_found"),
  "not-implemented": refusing(501, "not_implemented"),
} as const;

export type FaultKindName = keyof typeof faultKinds;

/** Kinds that a client gets over by asking again; `any` draws from them. */
export const passingKinds = [
  "rate-limit",
  "server-error",
  "bad-gateway",
  "reset",
  "truncate",
  "wrong-type",
] as const satisfies readonly FaultKindName[];
