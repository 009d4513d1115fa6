/** One cell of a CSV file. Numbers are written as they are; text is kept from being run as a formula. */
export interface CsvCell {
  text: string;
  isNumber: boolean;
}

/**
 * A line of CSV as RFC 4180 has it, with its line break. A text that a spreadsheet would run as a formula is
 * prefixed by an apostrophe.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

// Signs of full width count where a spreadsheet speaks Japanese, and blanks before a sign are passed over by some.
const formula = /^(?:[\t\r\n]|[\s\u0000-\u001f]*[=+\-@\uff1d\uff0b\uff0d\uff20])/;

function csvCell({ text, isNumber }: CsvCell): string {
  const safe = !isNumber && formula.test(text) ? `'${text}` : text;
  // Some readers take a line that begins with # for a comment.
  return /[",\r\n]|^#/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
