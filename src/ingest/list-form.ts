import { ApiError } from "../errors/api-error.ts";
import type { Query } from "./sign.ts";

/**
 * How several values of one parameter are sent: joined by commas, as the published reference shows them, or
 * with the key repeated, as newer clients send them. A server that knows only the other form matches nothing,
 * and says so by an empty answer or a refusal.
 */
export type ListForm = "joined" | "repeated";

/** Makes a request in a form, null where nothing in it is a list of several, and gives what came. */
type Ask<T> = (query: Query, form: ListForm | null) => Promise<readonly T[]>;

/** Which form each stream's server was seen to understand in this run. */
export interface ListForms {
  /**
   * Asks in the form that is known to be understood; where none is yet, in that of an earlier run, and where that
   * finds nothing, in the other.
   *
   * @throws ApiError of the first form where both are refused, or where it is refused for several projects; of the
   * second where the first finds nothing and the second gets no word from the API
   */
  ask<T extends { rows: number }>(stream: string, query: Query, ask: Ask<T>): Promise<readonly T[]>;
}

const mayMeanOtherForm = new Set([400, 403, 404]);

/**
 * Keeps the forms of one run. What earlier runs saw says which form is tried first, and no more: a server that
 * reads lists in another way since then would seem to have no usage.
 */
export function createListForms(seenBefore: ReadonlyMap<string, ListForm> = new Map()): ListForms {
  const understood = new Map<string, ListForm>();
  const trials = new Map<string, Promise<unknown>>();
  return {
    async ask(stream, query, ask) {
      if (!Object.values(query).some(isList)) {
        return ask(joined(query), null);
      }
      // One request at a time finds out, and those beside it wait for what it finds.
      while (!understood.has(stream) && trials.has(stream)) await trials.get(stream);
      const known = understood.get(stream);
      if (known) return ask(inForm(query, known), known);
      const trial = tryBoth(query, ask, seenBefore.get(stream) ?? "joined");
      trials.set(
        stream,
        trial.then(({ form }) => form && understood.set(stream, form)).catch(() => undefined),
      );
      try {
        return (await trial).answers;
      } finally {
        await trials.get(stream);
        trials.delete(stream);
      }
    },
  };
}

interface Trial<T> {
  answers: readonly T[];
  /** The form that found something; null where neither did. */
  form: ListForm | null;
}

async function tryBoth<T extends { rows: number }>(
  query: Query,
  ask: Ask<T>,
  firstForm: ListForm,
): Promise<Trial<T>> {
  const otherForm = firstForm === "joined" ? "repeated" : "joined";
  const tryForm = async (form: ListForm): Promise<Trial<T>> => {
    const answers = await ask(inForm(query, form), form);
    return { answers, form: answers.some(({ rows }) => rows > 0) ? form : null };
  };
  let first: Trial<T>;
  try {
    first = await tryForm(firstForm);
  } catch (refusal) {
    if (!(refusal instanceof ApiError && mayMeanOtherForm.has(refusal.status ?? 0))) throw refusal;
    // It may be one project that is refused. The other form would not tell: a server that reads one value of a
    // repeated key finds less or nothing, which looks like usage that is gone. One project at a time tells.
    if (isList(query.projects)) throw refusal;
    return tryForm(otherForm).catch(() => Promise.reject(refusal));
  }
  if (first.form) return first;
  try {
    const second = await tryForm(otherForm);
    // The answer that found nothing landed too, and is loaded with the one that did.
    return { answers: [...first.answers, ...second.answers], form: second.form };
  } catch (error) {
    // Only a server that does not take the other form leaves the first answer as all there is. One that is down may
    // well have had usage to give, which would seem to be gone.
    if (error instanceof ApiError && refusesForm(error)) return first;
    throw error;
  }
}

const refusesForm = ({ failure, status, isTransient }: ApiError): boolean =>
  failure === "status" && !isTransient && status !== 401;

const inForm = (query: Query, form: ListForm): Query => (form === "joined" ? joined(query) : query);

const isList = (value: Query[string] | undefined): boolean =>
  typeof value !== "string" && (value?.length ?? 0) > 1;

/** The query with each list joined by commas. */
export function joined(query: Query): Query {
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [key, typeof value === "string" ? value : value.join(",")]),
  );
}
