/** A table, and its columns, that can be queried. */
export interface CompletedTable {
  name: string;
  columns: readonly string[];
}

const keywords =
  "select from where group by order by having limit join left join using distinct with as and or not in between like is null case when then else end count sum avg min max filter over partition by union all desc asc date interval show tables describe summarize";

/**
 * What the word at the end of a line may become: columns of a table after its name and a dot, else tables, columns and
 * keywords, tables first.
 *
 * @returns as readline wants it: the candidates, and the part of the line that they replace
 */
export function complete(line: string, tables: readonly CompletedTable[]): [string[], string] {
  const word = /[\w.]*$/.exec(line)?.[0] ?? "";
  const [, table, start] = /^(\w+)\.(\w*)$/.exec(word) ?? [];
  const isBegun = (begun: string) => (name: string) => name.toLowerCase().startsWith(begun.toLowerCase());
  if (table !== undefined && start !== undefined) {
    const columns = tables.find(({ name }) => name.toLowerCase() === table.toLowerCase())?.columns ?? [];
    return [columns.filter(isBegun(start)).map((column) => `${table}.${column}`), word];
  }
  if (word === "") return [tables.map(({ name }) => name), word];
  const columns = [...new Set(tables.flatMap((each) => each.columns))].sort();
  const words = [...new Set(keywords.split(" "))];
  const names = [...tables.map(({ name }) => name), ...columns, ...words];
  return [[...new Set(names.filter(isBegun(word)))], word];
}
