import { ConfigError } from "../errors/config-error.ts";
import type { DaysOfRows } from "./days.ts";
import type { Input } from "./graph.ts";
import type { Followed, Incremental } from "./header.ts";
import type { Model } from "./project.ts";

/** How a model follows one of its inputs by day; undefined where it reads it as a whole. */
export function followedAs({ follows }: Incremental, { relation, model }: Input): Followed | undefined {
  return follows.find(({ name }) => {
    const followed = name.toLowerCase();
    return followed === relation.toLowerCase() || followed === model?.name.toLowerCase();
  });
}

/** The days of a table are noted once, for all that follow it. */
export function refuseOtherDays(
  known: Map<string, DaysOfRows>,
  model: Model,
  relation: string,
  { from, to }: DaysOfRows,
): void {
  const first = known.get(relation) ?? { from, to };
  known.set(relation, first);
  if (first.from === from && first.to === to) return;
  throw new ConfigError(
    `${model.file}:${model.header.incremental?.line}: ${model.name} follows ${relation} by ${from} to ${to}, but others do by ${first.from} to ${first.to}.`,
    { hint: "Follow it by the same columns, or take it out of follows." },
  );
}

export function checkFollowed(model: Model, incremental: Incremental, inputs: readonly Input[]): void {
  const place = `${model.file}:${incremental.line}`;
  if (incremental.looksBackDays > 0 && model.materialization === "view") {
    throw new ConfigError(`${place}: ${model.name} looks back over days, which a view can't.`, {
      hint: "What reads a view by day takes its rows of that day alone: say `materialized: table` in its header.",
    });
  }
  const isOfMonths = incremental.each === "month";
  const ownDays = incremental.follows.find(({ span }) => span === null);
  if (isOfMonths && (incremental.looksBackDays > 0 || model.materialization === "view" || ownDays)) {
    throw new ConfigError(
      `${place}: ${model.name} is made by month, so that it is a table, looks back over nothing, and follows others by their days.`,
      {
        hint: `Say by which columns: {${ownDays?.name ?? incremental.follows[0]?.name}: [usage_date, usage_date]}.`,
      },
    );
  }
  const astray = incremental.follows.find(
    (followed) => !inputs.some((input) => followedAs({ ...incremental, follows: [followed] }, input)),
  );
  if (astray !== undefined) {
    throw new ConfigError(
      `${place}: ${model.name} follows ${astray.name} by day, but its SELECT does not read it.`,
      {
        hint: `It reads ${inputs.map(({ model: read, relation }) => read?.name ?? relation).join(", ")}.`,
      },
    );
  }
  for (const input of inputs) {
    const followed = followedAs(incremental, input);
    if (!input.model || !followed) continue;
    const { header, materialization, file, name } = input.model;
    const days = followed.span ?? [incremental.by];
    const isOfItsDays =
      header.incremental?.each === "day" && days.every((day) => day === header.incremental?.by);
    if (isOfItsDays && (isOfMonths || !followed.span)) continue;
    const isTableOfDays =
      materialization === "table" &&
      days.every((day) => header.columns.some((column) => column.name === day));
    if (!header.incremental && isTableOfDays) continue;
    const isWhat = header.incremental
      ? `is made by ${header.incremental.by}${header.incremental.each === "month" ? ", a month" : ""}`
      : materialization === "view"
        ? "is a view that does not say what it follows itself"
        : "has no such column";
    throw new ConfigError(
      `${place}: ${model.name} follows ${name} by ${days.join(" to ")}, but that ${isWhat}.`,
      {
        hint: `Take ${name} out of follows, so that any change of it makes every day anew, or say in ${file} that it is incremental by ${incremental.by}.`,
      },
    );
  }
}
