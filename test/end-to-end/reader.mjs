// A reader as any tool is one: plain DuckDB opens the published file over and over, and looks at it twice each time.
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";

const [path, query] = process.argv.slice(2);
const states = [];
let reads = 0;
let isDone = false;
process.on("message", () => {
  isDone = true;
});

async function read() {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY", threads: "1" });
  const connection = await instance.connect();
  try {
    const look = async () => JSON.stringify((await connection.runAndReadAll(query)).getRowsJson());
    const first = await look();
    await sleep(30);
    if ((await look()) !== first) throw new Error("It changed while it was open.");
    if (states.at(-1) !== first) states.push(first);
    reads++;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

try {
  await read();
  process.send("up");
  while (!isDone) {
    await read();
    // Ten that hardly rested would take more of two processors than what they watch.
    await sleep(1000);
  }
  // Whoever opens it once all is published sees the last of it.
  await read();
  process.send({ reads, states: states.map((state) => JSON.parse(state)[0]) });
} catch (error) {
  process.send({ error: String(error) });
}
process.disconnect();
