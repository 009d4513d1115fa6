import type { Answer } from "../answer.ts";
import type { GatewayRequest, Outcome } from "../exchange.ts";
import { type Instant, instantOf } from "../instant.ts";
import { randomOf } from "../random.ts";
import { type Elsewhere, startElsewhere, type Visit } from "./elsewhere.ts";
import { drawn, type FaultKind, type Hit } from "./hit.ts";
import { type FaultKindName, faultKinds, passingKinds } from "./kinds.ts";
import { type FaultInput, type FaultRule, readFaultRule } from "./rule.ts";

/** A rule, and what became of it so far. */
export interface FaultReport {
  fault: FaultInput;
  /** Requests that it is for. */
  matched: number;
  /** Of these, those that went wrong by it. */
  struck: number;
}

/** What is to go wrong with a gateway's requests. It may be changed while the gateway serves. */
export interface Faults {
  /**
   * Adds a rule, after those that there are: of several that strike a request, the first holds.
   *
   * @throws TypeError that says what is wrong with it
   */
  add: (fault: FaultInput) => void;
  /** Forgets all rules, and what they counted. */
  clear: () => void;
  list: () => FaultReport[];
  /** Who came to where redirects lead. */
  visits: () => readonly Visit[];
}

/** A rule as it goes on in another gateway, from where it was in this one. */
export interface SavedFault extends FaultReport {
  owed: number;
  struckOf: [asked: string, times: number][];
}

/** A gateway's faults, with what only the gateway itself uses. */
export interface FaultPlan extends Faults {
  /** Adds a rule for as long as this gateway lives: it is not among those that are saved. */
  addForNow: Faults["add"];
  /** Adds a rule that goes on from where it was. */
  resume: (saved: SavedFault) => void;
  save: () => SavedFault[];
  /** What becomes of the request, and by which kind of fault; null where nothing goes wrong with it. */
  strike: (
    request: GatewayRequest,
    answer: (clocks?: readonly Date[]) => Answer | Promise<Answer>,
  ) => Promise<{ outcome: Outcome; kind: FaultKindName } | null>;
  close: () => Promise<void>;
}

interface Entry extends FaultReport {
  rule: FaultRule;
  number: number;
  isSaved: boolean;
  isFor: RegExp | null;
  struckOf: Map<string, number>;
  /** How many more of a burst are to come. */
  owed: number;
  memory: Map<string, unknown>;
}

/**
 * Whether a request is struck depends on the seed, the rule, the request, and how often the same was asked:
 * not on the order in which different requests come in.
 */
export function planFaults(options: {
  seed: string | number;
  clock: () => Date;
  wallClock: () => Date;
}): FaultPlan {
  const attempts = new Map<string, number>();
  let entries: Entry[] = [];
  let elsewhere: Promise<Elsewhere> | undefined;
  let visits: readonly Visit[] = [];

  async function goElsewhere(): Promise<string> {
    elsewhere ??= startElsewhere();
    const place = await elsewhere;
    visits = place.visits;
    return place.base;
  }

  function enter(fault: FaultInput, past: Partial<Entry>): void {
    const read = readFaultRule(fault);
    if ("mistake" in read) throw new TypeError(read.mistake);
    const { rule } = read;
    const isFor = rule.path === undefined ? null : expressionOf(rule.path);
    const blank = { matched: 0, struck: 0, owed: 0, struckOf: new Map(), memory: new Map(), isSaved: true };
    entries.push({ ...blank, ...past, fault: rule.given, rule, number: entries.length, isFor });
  }

  return {
    add: (fault) => enter(fault, {}),
    addForNow: (fault) => enter(fault, { isSaved: false }),
    resume: ({ fault, matched, struck, owed, struckOf }) =>
      enter(fault, { matched, struck, owed, struckOf: new Map(struckOf) }),
    save: () =>
      entries
        .filter(({ isSaved }) => isSaved)
        .map(({ fault, matched, struck, owed, struckOf }) => ({
          ...{ fault, matched, struck, owed },
          struckOf: [...struckOf],
        })),
    clear() {
      entries = [];
      attempts.clear();
    },
    list: () => entries.map(({ fault, matched, struck }) => ({ fault, matched, struck })),
    visits: () => visits,
    async strike(request, answer) {
      if (entries.length === 0) return null;
      const asked = `${request.method} ${request.target}`;
      const attempt = (attempts.get(asked) ?? 0) + 1;
      attempts.set(asked, attempt);
      const at = instantOf(options.clock());
      let made: Promise<Answer> | undefined;
      const common = {
        request,
        answer: () => {
          made ??= Promise.resolve(answer());
          return made;
        },
        answerBy: async (clock: Date) => answer([clock]),
        wallClock: options.wallClock,
        elsewhere: goElsewhere,
      };
      for (const entry of entries) {
        if (!concerns(entry, request, at)) continue;
        entry.matched++;
        const random = randomOf(options.seed, "fault", entry.number, asked, attempt);
        // Drawn whatever comes of it, so that the other draws don't move.
        const isDrawn = random() < entry.rule.rate;
        if (!isDue(entry, asked, isDrawn)) continue;
        const hit: Hit = { ...common, random, memory: entry.memory };
        const kind = entry.rule.kind === "any" ? drawn(passingKinds, random) : entry.rule.kind;
        const outcome = await struckBy(kind, entry.rule, hit);
        if (outcome === null) continue;
        entry.struck++;
        entry.struckOf.set(asked, (entry.struckOf.get(asked) ?? 0) + 1);
        return { outcome, kind };
      }
      return null;
    },
    async close() {
      await (await elsewhere)?.close();
    },
  };
}

const withoutVersion = (target: string): string =>
  target.replace(/\?.*$/s, "").replace(/^\/v1(?:alpha5)?(?=\/)/, "");

const concerns = ({ rule, isFor }: Entry, { method, target }: GatewayRequest, at: Instant): boolean =>
  (rule.method === undefined || rule.method.toUpperCase() === method) &&
  (isFor === null || isFor.test(withoutVersion(target))) &&
  (rule.from === undefined || rule.from <= at) &&
  (rule.to === undefined || at < rule.to);

/** Whether its turn has come, and has not gone. */
function isDue(entry: Entry, asked: string, isDrawn: boolean): boolean {
  const { rule, matched, struck, struckOf } = entry;
  if (matched <= rule.after || struck >= (rule.times ?? Number.POSITIVE_INFINITY)) return false;
  if ((struckOf.get(asked) ?? 0) >= (rule.times_each ?? Number.POSITIVE_INFINITY)) return false;
  if (entry.owed > 0) {
    entry.owed--;
    return true;
  }
  if (isDrawn) entry.owed = rule.burst - 1;
  return isDrawn;
}

async function struckBy(name: FaultKindName, rule: FaultRule, hit: Hit): Promise<Outcome | null> {
  // The parameters were checked against this very kind's schema when the rule was read.
  const kind = faultKinds[name] as unknown as FaultKind<Record<string, never>>;
  const parameters = rule.kind === "any" ? defaultsOf(name) : rule.parameters;
  return kind.strike(parameters as Record<string, never>, hit);
}

function defaultsOf(kind: FaultKindName): Readonly<Record<string, unknown>> {
  const read = readFaultRule({ kind });
  return "rule" in read ? read.rule.parameters : {};
}

/** A pattern of paths as an expression for whole ones. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*|\{\w+\})/);
  const source = parts.map((part, position) =>
    position % 2 === 0 ? part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : part === "**" ? ".*" : "[^/]*",
  );
  return new RegExp(`^${source.join("")}$`, "s");
}
