import { ApiError } from "../errors/api-error.ts";
import type { TallyError } from "../errors/tally-error.ts";
import type { Unit } from "./units.ts";

/** A part of a unit that was not read, and why. */
export interface FailedPart {
  unit: Unit;
  failure: TallyError;
}

/**
 * Reads usage of fewer and fewer projects where a request for many is refused: the API refuses the whole for one
 * project that is gone or out of the key's sight, and the others must not go without their usage for that.
 */
export interface Apart {
  /** The parts that failed; null where none was answered, so that the refusal is of the whole. */
  read(unit: Unit, refusal: TallyError): Promise<readonly FailedPart[] | null>;
}

/** So many single projects are tried before a stream that answered none of them is taken to refuse them all. */
const mostRefusedAlone = 3;

const refusals = new Set([400, 403, 404]);

/** Whether it may be one of several projects that the API refuses. */
export const isRefusedTogether = ({ usage, queries }: Unit, failure: TallyError): boolean =>
  failure instanceof ApiError &&
  failure.failure === "status" &&
  refusals.has(failure.status ?? 0) &&
  (usage?.projects.length ?? 0) > 1 &&
  queries.every(({ projects }) => Array.isArray(projects));

/** Reads apart, by a function that reads a unit as it is and gives its failure. */
export function createApart(readAsItIs: (unit: Unit) => Promise<TallyError | null>): Apart {
  const answering = new Set<string>();
  const refusedAlone = new Map<string, number>();
  return {
    async read(whole, refusal) {
      const { name } = whole.stream;
      const failed: FailedPart[] = [];
      let isAnswered = false;
      const readHalves = async (unit: Unit): Promise<void> => {
        for (const half of halvesOf(unit)) {
          if (!answering.has(name) && (refusedAlone.get(name) ?? 0) >= mostRefusedAlone) {
            failed.push({ unit: half, failure: refusal });
            continue;
          }
          const failure = await readAsItIs(half);
          if (failure === null) {
            isAnswered = true;
            answering.add(name);
          } else if (isRefusedTogether(half, failure)) {
            await readHalves(half);
          } else {
            failed.push({ unit: half, failure: ofProjects(half, failure) });
            refusedAlone.set(name, (refusedAlone.get(name) ?? 0) + 1);
          }
        }
      };
      await readHalves(whole);
      return isAnswered ? failed : null;
    },
  };
}

function halvesOf(unit: Unit): Unit[] {
  const { usage } = unit;
  if (!usage) return [];
  const middle = Math.ceil(usage.projects.length / 2);
  const [first, second] = [usage.projects.slice(0, middle), usage.projects.slice(middle)];
  const half = (projects: string[], others: string[]): Unit => ({
    ...unit,
    queries: unit.queries.map((query) => ({ ...query, projects })),
    usage: { ...usage, projects, otherProjects: [...usage.otherProjects, ...others] },
  });
  return [half(first, second), half(second, first)];
}

/** The failure with the projects that it is about, which its request's path does not name. */
function ofProjects({ usage }: Unit, failure: TallyError): TallyError {
  if (!(failure instanceof ApiError)) return failure;
  const projects = usage?.projects.join(", ") ?? "";
  return new ApiError(`${failure.message.replace(/\.$/, "")}, for project ${projects} alone.`, failure, {
    ...(failure.hint !== undefined && { hint: failure.hint }),
    cause: failure,
  });
}
