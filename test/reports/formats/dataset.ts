import type { Dataset } from "../../../src/reports/dataset.ts";

/** A dataset with a column of each kind, texts that want to be formulas, and a null in every column. */
export const everyKind: Dataset = {
  query: "every_kind",
  description: "Rows of every kind.",
  grain: null,
  sql: "",
  params: {},
  columns: [
    { name: "day", type: "DATE", description: "The UTC day." },
    { name: "at", type: "TIMESTAMP", description: "The instant, UTC." },
    { name: "name", type: "VARCHAR", description: "What it is called." },
    { name: "amount", type: "DECIMAL(38,10)", description: "What it cost." },
    { name: "days", type: "BIGINT", description: "How many days." },
    { name: "ratio", type: "DOUBLE", description: "A share." },
    { name: "is_open", type: "BOOLEAN", description: "Whether it is open." },
  ],
  rows: [
    {
      day: "2026-10-01",
      at: "2026-10-01 05:06:07",
      name: "=cmd|' /C calc'!A0",
      amount: "-1234567.8900000000",
      days: "3",
      ratio: 0.25,
      is_open: true,
    },
    {
      day: null,
      at: null,
      name: 'say "hi",\r\nthen go',
      amount: null,
      days: "-1",
      ratio: null,
      is_open: false,
    },
    {
      day: "2026-10-02",
      at: "2026-10-01 05:06:07.5",
      name: "\tTab",
      amount: "0.0000000001",
      days: null,
      ratio: -1.5,
      is_open: null,
    },
    { day: null, at: null, name: null, amount: "0.0000000000", days: "0", ratio: 0, is_open: null },
  ],
};
