import { TallyError } from "../errors/tally-error.ts";
import { nearest } from "./nearest.ts";
import type { Model } from "./project.ts";
import { firstLine } from "./references.ts";

/** What DuckDB says of a model's SQL, with the line of the file. */
export function modelError(model: Model, error: unknown): TallyError {
  if (!(error instanceof Error)) throw error;
  const line = /\nLINE (\d+):/.exec(error.message)?.[1] ?? firstLine(model.sql);
  const reason = error.message.split("\n\nLINE ", 1)[0]?.replace(/\s*\n\s*/g, " ") ?? error.message;
  const kept = `Nothing of ${model.name} was changed; models built before it are kept.`;
  // Of most columns that are not there DuckDB names the nearest itself, but not of a CTE's.
  const unknown = /does not have a column named "([^"]+)"/.exec(reason)?.[1];
  const words = [...new Set(model.sql.match(/[A-Za-z_]\w*/g) ?? [])].filter((word) => word !== unknown);
  return new TallyError(`${model.file}:${line}: ${reason}`, {
    hint:
      unknown === undefined || /candidate/i.test(reason)
        ? kept
        : `Nearest in the file: ${nearest(unknown, words).join(", ")}. ${kept}`,
    cause: error,
  });
}
