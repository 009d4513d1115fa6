const longest = 31;

/**
 * Names for the sheets of a workbook: at most 31 characters, none that a spreadsheet forbids, and no two alike, however
 * they are cased.
 */
export function sheetNames(titles: readonly string[]): string[] {
  const taken = new Set<string>();
  return titles.map((title) => {
    const base = legal(title);
    let name = cut(base, longest);
    for (let n = 2; taken.has(name.toLowerCase()); n++) {
      const mark = ` (${n})`;
      name = cut(base, longest - mark.length) + mark;
    }
    taken.add(name.toLowerCase());
    return name;
  });
}

function legal(title: string): string {
  const name = title
    .replace(/[\\/?*[\]:\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, " ")
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "")
    .replace(/\s+/g, " ")
    .replace(/^[' ]+|[' ]+$/g, "");
  // Excel keeps this one for itself.
  return name === "" ? "Table" : /^history$/i.test(name) ? `${name} table` : name;
}

/** No character is cut in two. */
function cut(text: string, length: number): string {
  let end = "";
  for (const character of text) {
    if (end.length + character.length > length) break;
    end += character;
  }
  return end.replace(/[' ]+$/, "");
}
