import type { Dictionary, DocumentedTable } from "./dictionary.ts";

/** The dictionary as Markdown. It holds nothing of the data, so that it changes with the models alone. */
export function markdownOf({ tables, tests, queries }: Dictionary): string {
  const shipped = queries.filter(({ isOwn }) => !isOwn);
  return `${[
    "# Data dictionary",
    "The tables of `analytics.duckdb`, schema `main`. Written by `tally docs` from the models themselves: what is said here is in their headers, and is tested.",
    "Money and hours are DECIMAL and exact; times are UTC, and a date is a UTC day. What is not known is null, never 0.",
    tables
      .map(({ name, description }) => `- [\`${name}\`](#${name}): ${text(firstSentence(description))}`)
      .join("\n"),
    ...tables.map(tableOf),
    "## Tests of several tables",
    "Each is a query that returns the offending rows; `tally test` runs them all.",
    tests
      .map(({ name, description, severity }) => `- \`${name}\` (${severity}): ${text(description)}`)
      .join("\n"),
    "## Example queries",
    "Each ships with tally, and is run by `tally sql @NAME`.",
    ...shipped.map(
      ({ name, description, sql }) =>
        `### @${name}\n\n${text(description)}\n\n\`\`\`sql\n${sql.trim()}\n\`\`\``,
    ),
  ].join("\n\n")}\n`;
}

function tableOf({ name, description, grain, columns, tests, lineage }: DocumentedTable): string {
  const parts = [
    `## ${name}`,
    text(description),
    `One row for each ${grain.map((column) => `\`${column}\``).join(", ")}.`,
    ["| column | type | meaning |", "| --- | --- | --- |"]
      .concat(
        columns.map((column) => `| \`${column.name}\` | ${column.type} | ${cell(column.description)} |`),
      )
      .join("\n"),
  ];
  if (tests.length > 0) parts.push(`Tested:\n\n${tests.map((claim) => `- ${text(claim)}`).join("\n")}`);
  if (lineage) {
    const rests = [
      ["Made of the public tables", lineage.reads.map((table) => `[\`${table}\`](#${table})`)],
      ["Rests on", lineage.sources.map((source) => `\`${source}\``)],
      ["Read by", lineage.readBy.map((table) => `[\`${table}\`](#${table})`)],
    ] as const;
    parts.push(
      rests
        .filter(([, names]) => names.length > 0)
        .map(([what, names]) => `- ${what}: ${names.join(", ")}`)
        .join("\n"),
    );
  }
  return parts.filter(Boolean).join("\n\n");
}

function firstSentence(description: string): string {
  return /^.*?[.](?=\s|$)/.exec(description)?.[0] ?? description;
}

/** Text of a header, in which nothing is markup. */
function text(value: string): string {
  return value.replace(/([\\`*_[\]<>])/g, "\\$1");
}

function cell(value: string): string {
  return text(value).replaceAll("|", "\\|");
}
