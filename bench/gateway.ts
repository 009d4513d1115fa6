/**
 * How many signed requests the local gateway answers, beside a bare server of Node's that answers the same bytes;
 * and how long a million rows of usage take it: see bench/README.md.
 *
 *     npm run bench:gateway -- [--vms 4000] [--projects 20] [--seconds 3] [--pairs 3]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ServerTask, Spent } from "./gateway-task.ts";
import { machine, median } from "./measured.ts";
import { type Load, load, signedRequest } from "./signed-load.ts";

const targetPerSecond = 2000;
const targetUsageMs = 5000;

const { values } = parseArgs({
  options: {
    vms: { type: "string", default: "4000" },
    projects: { type: "string", default: "20" },
    seconds: { type: "string", default: "3" },
    pairs: { type: "string", default: "3" },
  },
});
const [vms, projects] = [Number(values.vms), Number(values.projects)];
const asking = { seconds: Number(values.seconds), connections: 16 };
const key = { accessKeyId: "bench", secretKey: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" };

/** A year of an organisation whose machines are replaced every two months. */
const scenario = `
seed: bench
now: 2026-11-01
history_from: 2025-11-01
organization: { id: org-bench, name: bench }
access_keys: [{ access_key_id: ${key.accessKeyId}, secret_key: ${key.secretKey} }]
locations: [us-east1-a]
projects: [${numbers(projects).map((number) => `{ key: p${number}, id: project-${number}, name: p${number} }`)}]
vm_types: [{ product_name: h100-80gb-sxm-ib.8x, gpu_type: H100, num_gpu: 8, cpu_cores: 176, memory_gb: 960, description: 8x H100 }]
fleets:
${numbers(projects)
  .map(
    (number) =>
      `  - { name: f${number}, project: p${number}, type: h100-80gb-sxm-ib.8x, location: us-east1-a, from: 2025-11-01, vms: ${Math.ceil(vms / projects)}, lifetime_days: 60 }`,
  )
  .join("\n")}
`;

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

const line = (text = "") => void process.stdout.write(`${text}\n`);

/** A server in a process of its own, for as long as `work` takes. */
async function withServer<T>(
  task: ServerTask,
  work: (port: number, spent: () => Promise<Spent>) => Promise<T>,
): Promise<T> {
  const script = fileURLToPath(new URL("./gateway-task.js", import.meta.url));
  const child = fork(script, [JSON.stringify(task)]);
  const [port] = (await once(child, "message")) as [number];
  const spent = async () => {
    child.send("spent");
    return ((await once(child, "message")) as [Spent])[0];
  };
  try {
    return await work(port, spent);
  } finally {
    child.disconnect();
  }
}

interface Asked extends Load {
  cpuMs: number;
}

const asked = (task: ServerTask, targets: readonly string[]): Promise<Asked> =>
  withServer(task, async (port, spent) => {
    await load(port, targets, key, { ...asking, seconds: 1 });
    const before = await spent();
    const loaded = await load(port, targets, key, asking);
    return { ...loaded, cpuMs: (await spent()).cpuMs - before.cpuMs };
  });

const perSecond = ({ requests, elapsedMs }: Load) => (requests / elapsedMs) * 1000;

const lists = numbers(projects).map(
  (number) => `/v1alpha5/projects/project-${number}/compute/vms/instances?limit=20`,
);

async function compareLists(): Promise<boolean> {
  const pairs: { gateway: Asked; bare: Asked }[] = [];
  const task: ServerTask = { kind: "gateway", scenario };
  let { body } = await withServer(task, (port) => load(port, lists, key, { seconds: 0.2, connections: 1 }));
  const items = (JSON.parse(body) as { items: unknown[] }).items.length;
  line(
    `Lists of ${items} VMs of ${vms} in ${projects} projects, ${Math.round(body.length / 1024)} KiB each:`,
  );
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    const rival: ServerTask = { kind: "bare", body };
    const first = pair % 2 === 0 ? await asked(task, lists) : null;
    const bare = await asked(rival, lists);
    const gateway = first ?? (await asked(task, lists));
    body = gateway.body;
    pairs.push({ gateway, bare });
  }
  const of = (what: (pair: { gateway: Asked; bare: Asked }) => number) => median(pairs.map(what));
  const rate = of(({ gateway }) => perSecond(gateway));
  const microseconds = ({ cpuMs, requests }: Asked) => (cpuMs / requests) * 1000;
  line(
    `  the gateway   ${Math.round(rate)} a second, ${Math.round(of(({ gateway }) => microseconds(gateway)))} µs of the processor each`,
  );
  line(
    `  a bare server ${Math.round(of(({ bare }) => perSecond(bare)))} a second, ${Math.round(of(({ bare }) => microseconds(bare)))} µs each`,
  );
  line(
    `  ratio ${of(({ gateway, bare }) => perSecond(gateway) / perSecond(bare)).toFixed(2)}; the target is ${targetPerSecond} a second`,
  );
  return rate >= targetPerSecond;
}

const exported = `/v1alpha5/organizations/org-bench/usage/export?end_date=2026-10-31&projects=&regions=&resource_types=&resources=&start_date=2025-11-01`;

/** Reads an answer to its end, and keeps none of it. */
function rowsOf(
  port: number,
  target: string,
): Promise<{ rows: number; megabytes: number; elapsedMs: number }> {
  const startMs = performance.now();
  const headers = Object.fromEntries(
    signedRequest(target, key)
      .split("\r\n")
      .slice(1)
      .filter(Boolean)
      .map((header) => header.split(": ", 2) as [string, string]),
  );
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", path: target, headers }, (incoming) => {
      if (incoming.statusCode !== 200) reject(new Error(`it answered ${incoming.statusCode}`));
      let [rows, bytes] = [-1, 0];
      incoming.on("data", (part: Buffer) => {
        bytes += part.length;
        for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) rows++;
      });
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({ rows, megabytes: bytes / 1e6, elapsedMs: performance.now() - startMs }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

async function exportUsage(): Promise<boolean> {
  return withServer({ kind: "gateway", scenario }, async (port, spent) => {
    const before = await spent();
    const { rows, megabytes, elapsedMs } = await rowsOf(port, exported);
    const after = await spent();
    const perMillion = (ms: number) => ((ms / rows) * 1e6) / 1000;
    line(`usage/export of ${(rows / 1e6).toFixed(2)} million rows (${Math.round(megabytes)} MB):`);
    line(
      `  ${perMillion(elapsedMs).toFixed(2)} s a million rows, ${perMillion(after.cpuMs - before.cpuMs).toFixed(2)} s of the processor; the target is ${targetUsageMs / 1000} s`,
    );
    line(`  ${Math.round(after.peakMb)} MB at most, ${Math.round(before.peakMb)} MB of them before`);
    return perMillion(elapsedMs) * 1000 <= targetUsageMs;
  });
}

line(machine());
const results = [await compareLists(), await exportUsage()];
process.exitCode = results.every(Boolean) ? 0 : 1;
