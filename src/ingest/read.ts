import type { Effects } from "../effects.ts";
import type { TallyError } from "../errors/tally-error.ts";
import type { Warehouse } from "../warehouse.ts";
import { createApart, type FailedPart, isRefusedTogether } from "./apart.ts";
import type { LandedFile } from "./land.ts";
import { mostShapes, type PageLander, PageLoop } from "./land-pages.ts";
import { type Load, messageOf } from "./load.ts";
import type { Loader } from "./loader.ts";
import { hasPages, type PagedRead, pagesOf, type SettledPages, settlePages } from "./pages.ts";
import { wasEverAnswered } from "./records.ts";
import type { SummaryKeeper } from "./summary.ts";
import { endsAll, failureOf, isNotOfferedBy, mayPass, partialError } from "./unit-failures.ts";
import { type Unit, unitLabel, windowOf } from "./units.ts";

export interface ReadContext {
  effects: Effects;
  summary: SummaryKeeper;
  /** Whose units they are, by a name, where the run reads several organisations. */
  organization: string | null;
  /** Asks what the warehouse knows, on a connection that no transaction is open on. */
  known: Warehouse;
  /** Brings what was read into it; there is one for all. */
  loader: Loader;
  pages: PageLander;
  /** A name for a load that no other of the run has. */
  nextLoadId: () => string;
}

export interface Reader {
  /**
   * Reads, lands and loads a unit, and records in raw.read_windows what became of it. It does not throw where
   * that failed, but gives what went wrong; null where all went well, or the account does not have it.
   *
   * @throws StorageError where nothing more can be kept
   * @throws StoppedError where the run is to end
   */
  read(unit: Unit): Promise<TallyError | null>;
  /** The same, but what failed in a way that may pass is not recorded: it is to be read again, or given up. */
  tryToRead(unit: Unit): Promise<TallyError | null>;
  /** Records and notes the failure of a unit that is not read again. */
  giveUp(unit: Unit, failure: TallyError): Promise<void>;
  /** Puts a unit's failure into the summary, and says it. */
  note(unit: Unit, failure: TallyError): void;
  /** Reads and notes; whether it succeeded. */
  readNoting(unit: Unit): Promise<boolean>;
  /** Whether the API said of the unit, when it was read, that the account does not have it. */
  wasNotOffered(unit: Unit): boolean;
}

/** Records that a unit could not be read, or is not on offer. */
export async function recordFailure(
  { loader, nextLoadId }: Pick<ReadContext, "loader" | "nextLoadId">,
  unit: Unit,
  status: NonNullable<Load["failure"]>["status"],
  { message }: TallyError,
): Promise<void> {
  const { error } = await loader.load({
    unit,
    loadId: nextLoadId(),
    files: [],
    settles: { rows: true, values: true, pages: true },
    isWhole: false,
    hasPages: false,
    failure: { status, message },
  });
  if (error !== undefined) throw failureOf(unit, error);
}

/** Puts a unit's failure into the summary, and says it. */
export function noteFailure(
  { effects, summary, organization }: Pick<ReadContext, "effects" | "summary" | "organization">,
  unit: Unit,
  failure: TallyError,
  isPartial = false,
): void {
  const { stream, organizationId, projectId } = unit;
  const message = organization === null ? failure.message : `${organization}: ${failure.message}`;
  summary.fail({
    ...{ stream: stream.name, organization, organizationId, projectId, window: windowOf(unit) },
    ...{ message, hint: failure.hint, isPartial },
  });
  effects.log.warn(message);
}

/** Reads units side by side, as far as the client lets them, and loads them in turn. */
export function createReader(context: ReadContext): Reader {
  const { effects, summary, known, loader, pages, nextLoadId } = context;
  const apart = createApart(readAsItIs);
  /** Those whose values looked odd and came again the same: that is this server's way, and no fault. */
  const oddStreams = new Set<string>();
  const notOffered = new WeakSet<Unit>();

  /** Reads the unit until no doubt is left of what it holds, or it was read often enough to settle them. */
  async function readAndLoad(unit: Unit, firstLoadId: string): Promise<void> {
    const isUsage = unit.usage !== null;
    let loadId = firstLoadId;
    let misreads = 0;
    let loops = 0;
    let oddReads = 0;
    const reads: PagedRead[] = [];
    for (; ; loadId = nextLoadId()) {
      let files: LandedFile[];
      try {
        files = await pages.land(unit, loadId);
      } catch (error) {
        if (!(error instanceof PageLoop) || !pages.isLoopWorthTrying(unit, ++loops)) throw error;
        continue;
      }
      let chosen: SettledPages = { files, isWhole: true, isSettled: false };
      if (hasPages(files)) {
        reads.push(pagesOf(files));
        const settled = settlePages(reads);
        if (!settled) continue;
        chosen = settled;
      }
      const { loaded, error } = await loader.load({
        unit,
        loadId,
        files: chosen.files,
        settles: {
          rows: !isUsage || misreads >= mostShapes - 1,
          values: !isUsage || oddReads > 0 || oddStreams.has(unit.stream.name),
          pages: chosen.isSettled,
        },
        isWhole: chosen.isWhole && chosen.files.every((file) => !file.misshape),
        hasPages: hasPages(files),
        failure: null,
      });
      if (!loaded) throw error;
      if (loaded.doubt === "rows") misreads++;
      if (loaded.doubt === "values") oddReads++;
      if (loaded.doubt !== null) {
        effects.log.detail(`${unitLabel(unit)}: read again, since its ${loaded.doubt} leave doubts`);
        continue;
      }
      if (oddReads > 0 && loaded.isOdd) oddStreams.add(unit.stream.name);
      summary.add(unit.stream.name, loaded.counts, loaded.quarantined);
      for (const [name, gone] of loaded.closed ?? []) summary.of(name).gone += gone;
      effects.log.detail(`${unitLabel(unit)}: ${loaded.counts.rows} rows`);
      const message = messageOf(loaded);
      if (message !== null) reader.note(unit, partialError(unit, message), true);
      return;
    }
  }

  const reader = {
    note: (unit: Unit, failure: TallyError, isPartial = false) =>
      noteFailure(context, unit, failure, isPartial),
    async readNoting(unit: Unit) {
      const failure = await reader.read(unit);
      if (failure) reader.note(unit, failure);
      return failure === null;
    },
    read: (unit: Unit) => read(unit, true),
    tryToRead: (unit: Unit) => read(unit, false),
    async giveUp(unit: Unit, failure: TallyError) {
      await recordFailure(context, unit, "failed", failure);
      reader.note(unit, failure);
    },
    wasNotOffered: (unit: Unit) => notOffered.has(unit),
  };

  async function read(unit: Unit, isLast: boolean): Promise<TallyError | null> {
    const { stream } = unit;
    const loadId = nextLoadId();
    try {
      await readAndLoad(unit, loadId);
      return null;
    } catch (error) {
      const failure = failureOf(unit, error);
      if (endsAll(failure)) throw failure;
      if (!isLast && mayPass(failure)) return failure;
      if (isRefusedTogether(unit, failure)) {
        const failed = await apart.read(unit, failure);
        if (failed) return settleApart(failed, isLast);
      }
      const isNotOffered =
        isNotOfferedBy(stream, failure) &&
        !(stream.staysOffered && (await wasEverAnswered(known, stream, unit.organizationId)));
      await recordFailure(context, unit, isNotOffered ? "not_offered" : "failed", failure);
      if (isNotOffered) {
        notOffered.add(unit);
        summary.of(stream.name).notOffered++;
      }
      return isNotOffered ? null : failure;
    }
  }

  /** Reads a unit without recording what went wrong. */
  async function readAsItIs(unit: Unit): Promise<TallyError | null> {
    try {
      await readAndLoad(unit, nextLoadId());
      return null;
    } catch (error) {
      const failure = failureOf(unit, error);
      if (endsAll(failure)) throw failure;
      return failure;
    }
  }

  /** Records and notes the parts that failed, unless one of them may go well when all is read again. */
  async function settleApart(failed: readonly FailedPart[], isLast: boolean): Promise<TallyError | null> {
    const passing = failed.find(({ failure }) => mayPass(failure));
    if (passing && !isLast) return passing.failure;
    for (const { unit, failure } of failed) await reader.giveUp(unit, failure);
    return null;
  }
  return reader;
}
