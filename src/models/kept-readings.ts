import { createHash } from "node:crypto";
import { packageVersion } from "../package.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Reading } from "./references.ts";

/** What queries read, by their text, as it is kept from build to build: to parse them all takes longer than most models. */
export interface KeptReadings {
  get(sql: string): Reading | undefined;
  /** Keeps these, and no others. */
  keep(readings: ReadonlyMap<string, Reading>): Promise<void>;
}

/** Reads what is kept of queries, all of it by this very version of tally. */
export async function keptReadings(connection: Warehouse): Promise<KeptReadings> {
  await connection.run(
    "create table if not exists meta.reading (query_hash varchar not null, reading varchar not null)",
  );
  const rows = await connection.all<{ query_hash: string; reading: string }>(
    "select query_hash, reading from meta.reading",
  );
  const known = new Map(rows.map(({ query_hash: hash, reading }) => [hash, reading]));
  return {
    get(sql) {
      const told = known.get(hashOf(sql));
      return told === undefined ? undefined : readingOf(told);
    },
    async keep(readings) {
      const kept = [...readings].map(([sql, reading]) => ({
        query_hash: hashOf(sql),
        reading: toldOf(reading),
      }));
      if (kept.length === known.size && kept.every(({ query_hash: hash }) => known.has(hash))) return;
      await connection.transaction(async () => {
        await connection.run("delete from meta.reading");
        await connection.run(
          `insert into meta.reading
           select unnest(from_json($kept::json, '[{"query_hash":"varchar","reading":"varchar"}]'), recursive := true)`,
          { kept: JSON.stringify(kept) },
        );
      });
    },
  };
}

function hashOf(sql: string): string {
  return createHash("sha256").update(`${packageVersion()}\n${sql}`).digest("hex");
}

function toldOf({ words, ...reading }: Reading): string {
  return JSON.stringify({ ...reading, words: [...words] });
}

function readingOf(told: string): Reading {
  const { words, ...reading } = JSON.parse(told) as Omit<Reading, "words"> & { words: string[] };
  return { ...reading, words: new Set(words) };
}
