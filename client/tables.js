// Lets a reader sort and filter the tables of a page. It runs in the reader's browser, asks for nothing, and
// adds its own controls: without it the page is whole.

/** Tables with more rows than this get a search field. */
const longTable = 15;

const locale = document.documentElement.dataset.locale ?? "en-US";
const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
const count = new Intl.NumberFormat(locale);

/**
 * @typedef {object} Shown
 * @property {HTMLTableRowElement[]} rows in the order in which they were written
 * @property {number | null} column the one that is sorted by
 * @property {boolean} isDescending
 * @property {string} sought in the form that texts are compared in
 */

for (const block of document.querySelectorAll(".table-block")) {
  const table = block.querySelector("table");
  if (table && table.rows.length > 2) enhance(block, table);
}

/** @param {Element} block @param {HTMLTableElement} table */
function enhance(block, table) {
  const [head, tail] = table.tBodies;
  if (!head) return;
  const limit = tail ? head.rows.length : Number.POSITIVE_INFINITY;
  /** @type {Shown} */
  const shown = {
    rows: [...table.tBodies].flatMap((body) => [...body.rows]),
    column: null,
    isDescending: false,
    sought: "",
  };
  /** @type {Map<HTMLTableRowElement, string>} */
  const texts = new Map();
  const more = block.querySelector("label.more");
  const status = document.createElement("span");

  /** Puts the rows where they now belong: the first of those that match into view, the others into the tail. */
  const show = () => {
    const matching = [];
    for (const row of sorted(shown)) {
      row.hidden = !matches(row);
      if (!row.hidden) matching.push(row);
    }
    head.append(...matching.slice(0, limit));
    tail?.append(...matching.slice(limit), ...shown.rows.filter((row) => row.hidden));
    if (more instanceof HTMLElement) {
      more.textContent = `Show all ${count.format(matching.length)} rows`;
      more.hidden = matching.length <= limit;
    }
    status.textContent =
      shown.sought === ""
        ? `${count.format(shown.rows.length)} rows`
        : `${count.format(matching.length)} of ${count.format(shown.rows.length)} rows`;
  };
  /** @param {HTMLTableRowElement} row */
  const matches = (row) => {
    if (shown.sought === "") return true;
    const text = texts.get(row) ?? plain(row.textContent);
    texts.set(row, text);
    return shown.sought.split(" ").every((word) => text.includes(word));
  };

  for (const [column, cell] of [...(table.tHead?.rows[0]?.cells ?? [])].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    const title = cell.querySelector(".head");
    if (!title) continue;
    button.append(...title.childNodes);
    title.replaceWith(button);
    button.addEventListener("click", () => {
      sortBy(shown, column, cell.classList.contains("n"));
      for (const other of cell.parentElement?.children ?? []) other.removeAttribute("aria-sort");
      if (shown.column !== null) cell.ariaSort = shown.isDescending ? "descending" : "ascending";
      show();
    });
  }

  if (shown.rows.length > longTable) {
    const tools = document.createElement("div");
    tools.className = "table-tools";
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "Filter rows";
    field.ariaLabel = `Filter rows: ${table.caption?.textContent ?? "table"}`;
    field.addEventListener("input", () => {
      shown.sought = plain(field.value);
      show();
    });
    status.role = "status";
    status.textContent = `${count.format(shown.rows.length)} rows`;
    tools.append(field, status);
    block.prepend(tools);
    block.classList.add("has-tools");
  }
}

/**
 * A head sorts one way, then the other, then not at all; of numbers, the largest come first.
 *
 * @param {Shown} shown @param {number} column @param {boolean} isNumber
 */
function sortBy(shown, column, isNumber) {
  if (shown.column !== column) {
    shown.column = column;
    shown.isDescending = isNumber;
  } else if (shown.isDescending === isNumber) {
    shown.isDescending = !isNumber;
  } else {
    shown.column = null;
  }
}

/**
 * The rows by the sorted column, those without a value last either way, and else as they were written.
 *
 * @param {Shown} shown
 */
function sorted({ rows, column, isDescending }) {
  if (column === null) return rows;
  const keyed = rows.map((row) => ({ row, key: keyOf(row.cells[column]) }));
  const places = Math.max(0, ...keyed.map(({ key }) => (typeof key === "object" && key ? key.places : 0)));
  const comparable = keyed.map(({ row, key }) => ({
    row,
    key: key && typeof key === "object" ? key.digits * 10n ** BigInt(places - key.places) : key,
  }));
  comparable.sort(({ key: a }, { key: b }) => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order =
      typeof a === "bigint" && typeof b === "bigint"
        ? Number(a > b) - Number(a < b)
        : collator.compare(String(a), String(b));
    return isDescending ? -order : order;
  });
  return comparable.map(({ row }) => row);
}

/**
 * What a cell sorts by: the exact number or text that it was written from, else what it shows.
 *
 * @param {HTMLTableCellElement | undefined} cell
 */
function keyOf(cell) {
  if (!cell) return null;
  const text = cell.dataset.key ?? (cell.classList.contains("n") ? "" : cell.textContent.trim());
  if (text === "" || (cell.dataset.key === undefined && cell.querySelector(":scope > .none"))) return null;
  if (!cell.classList.contains("n")) return text;
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return whole === "" ? null : { digits: BigInt(sign + whole + fraction), places: fraction.length };
}

/** Text in the form in which letters are alike that a reader takes for alike. @param {string} text */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}
