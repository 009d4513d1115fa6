import type { Effects } from "../effects.ts";
import { LoadError } from "../errors/load-error.ts";
import type { Outline } from "./body.ts";
import { BodyError } from "./body-error.ts";
import type { Client } from "./client.ts";
import type { LandedFile, LandedRequest, Landing } from "./land.ts";
import { createListForms, type ListForm } from "./list-form.ts";
import type { LoadStep } from "./loader.ts";
import type { Query } from "./sign.ts";
import type { Stream } from "./streams.ts";
import type { SummaryKeeper } from "./summary.ts";
import { type Unit, windowOf } from "./units.ts";

export interface PagesContext {
  effects: Effects;
  client: Client;
  landing: Landing;
  summary: SummaryKeeper;
  /** The form of lists that each stream's server understood in earlier runs. */
  listFormsSeen: ReadonlyMap<string, ListForm>;
  onStep?: ((step: LoadStep) => void) | undefined;
}

/** Asks for all that a unit has, page by page, and lands what comes. */
export interface PageLander {
  /**
   * @throws PageLoop where its pages lead back to one that came before
   * @throws ApiError where a request is answered with nothing that can be used
   */
  land(unit: Unit, loadId: string): Promise<LandedFile[]>;
  /** Whether the unit is worth beginning anew after its pages led back so often. */
  isLoopWorthTrying(unit: Unit, loops: number): boolean;
}

/** The token of a next page was one that came before, so that there is no end. */
export class PageLoop extends LoadError {
  /** Whether that was believed at once, since many lists lead back. */
  readonly isCutShort: boolean;
  constructor(isCutShort: boolean) {
    super("its pages go round in a circle: a page token came twice");
    this.isCutShort = isCutShort;
  }
}

/** Usage of a month may be large and is streamed; the rest is looked through in memory. */
const largestBody = { usage: 2 * 2 ** 30, inventory: 64 * 2 ** 20, events: 64 * 2 ** 20 };
const mostPages = 100_000;

/** An answer of the wrong shape is asked for so often before it is taken as it is, and put aside. */
export const mostShapes = 3;

/** A page that leads back is asked for so often, and its list begun so often: it may have been a slip. */
const mostTokens = 2;
const mostLoops = 4;

/** Where more lists of a stream lead back and none comes to its end, that may be the server's way: they are cut short. */
const mostLeadingBack = 4;

export function createPageLander(context: PagesContext): PageLander {
  const { effects, client, landing, summary } = context;
  const listForms = createListForms(context.listFormsSeen);
  /** What looked wrong and came again the same: that is how this server answers, and no fault. */
  const ways = new Set<string>();
  const haveUuids = new Set<string>();
  /** The lists of each stream that led back since one of several pages came to its end. */
  const leadingBack = new Map<string, Set<Unit>>();
  const isSlip = ({ name }: Stream) => (leadingBack.get(name)?.size ?? 0) <= mostLeadingBack;

  async function landPagesOf(unit: Unit, query: Query, next: () => LandedRequest): Promise<LandedFile[]> {
    const files: LandedFile[] = [];
    const seen = new Set<string>();
    let token: string | null = null;
    do {
      if (token !== null) seen.add(token);
      const request: LandedRequest = { ...next(), query: withToken(query, token) };
      const file: LandedFile = await landOne(unit, request, seen);
      files.push(file);
      context.onStep?.("landed");
      token = file.nextPageToken;
      if (token !== null && (seen.has(token) || seen.size >= mostPages)) {
        throw new PageLoop(!isSlip(unit.stream));
      }
    } while (token !== null);
    if (seen.size > 0) leadingBack.delete(unit.stream.name);
    return files;
  }

  /**
   * Lands the answer to one request. One that looks wrong is asked for again: what is sure to be wrong a few
   * times, what is only odd once.
   */
  async function landOne(unit: Unit, request: LandedRequest, seen: ReadonlySet<string>): Promise<LandedFile> {
    const { stream } = unit;
    const leadsBack = ({ nextPageToken }: Outline) => nextPageToken !== null && seen.has(nextPageToken);
    let ledBack = 0;
    let wrong = 0;
    let odd = 0;
    const check = (outline: Outline, isLastAttempt: boolean) => {
      if (leadsBack(outline)) {
        leadingBack.set(stream.name, (leadingBack.get(stream.name) ?? new Set()).add(unit));
        if (!isLastAttempt && isSlip(stream) && ++ledBack < mostTokens) {
          throw new BodyError("its next page is one that came before");
        }
      }
      if (isLastAttempt) return;
      const mistake = mistakeOf(stream, outline);
      if (mistake !== null && ++wrong < mostShapes) throw new BodyError(mistake);
      const oddity = oddityOf(stream, outline, haveUuids);
      if (oddity === null || ways.has(oddity.way)) return;
      if (++odd === 1) throw new BodyError(oddity.reason);
      ways.add(oddity.way);
    };
    const file = await client.get(
      {
        path: request.path,
        query: request.query,
        format: stream.format,
        maxBytes: largestBody[stream.history],
        onAttempt: () => {
          request.requestedAt = effects.now();
          summary.of(stream.name).requests++;
        },
      },
      (body, isLastAttempt) => landing.land(request, body, (outline) => check(outline, isLastAttempt)),
    );
    if (file.hasUuids) haveUuids.add(stream.name);
    await landing.record(request, file);
    return file;
  }

  function requestOf(
    unit: Unit,
    loadId: string,
    part: number,
    query: Query,
    listForm: ListForm | null,
  ): LandedRequest {
    const window = windowOf(unit);
    return {
      loadId,
      stream: unit.stream,
      label: unit.usage?.window.from.slice(0, 7) ?? unit.projectId ?? unit.organizationId ?? "",
      part,
      requestedAt: effects.now(),
      method: "GET",
      path: unit.path,
      query,
      listForm,
      organizationId: unit.organizationId,
      projectId: unit.projectId,
      windowFrom: window?.from ?? null,
      windowTo: window?.to ?? null,
    };
  }

  return {
    async land(unit, loadId) {
      const files: LandedFile[] = [];
      let part = 0;
      for (const query of unit.queries) {
        const answered = await listForms.ask(unit.stream.name, query, (formed, form) =>
          landPagesOf(unit, formed, () => requestOf(unit, loadId, ++part, formed, form)),
        );
        files.push(...answered);
      }
      return files;
    },
    isLoopWorthTrying: ({ stream }, loops) => loops < mostLoops && isSlip(stream),
  };
}

/** What is sure to be wrong with an answer; null where nothing is. */
function mistakeOf({ rowsKey }: Stream, { misshape, oddRows, brokenRows }: Outline): string | null {
  if (misshape) {
    return `its ${misshape.path === "$" ? "whole" : JSON.stringify(misshape.path)} ${misshape.reason}`;
  }
  if (oddRows + brokenRows > 0) return `its ${JSON.stringify(rowsKey)} are not all what they should be`;
  return null;
}

/** What may be wrong with an answer, or be this server's way; null where nothing is. */
function oddityOf(
  { name, format }: Stream,
  { looksCut, unusualRows, hasUuids, ids }: Outline,
  haveUuids: ReadonlySet<string>,
): { way: string; reason: string } | null {
  if (looksCut) return { way: `cut ${format}`, reason: "it looks as if its rows were cut off" };
  if (unusualRows > 0 || (haveUuids.has(name) && !hasUuids && ids.length > 0)) {
    return { way: `unusual ${name}`, reason: "it has values that are odd" };
  }
  return null;
}

const withToken = (query: Query, token: string | null): Query =>
  token === null ? query : { ...query, next_token: token };
