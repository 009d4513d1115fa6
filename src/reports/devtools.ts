import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** A browser that was started, and takes commands of the DevTools protocol. */
export interface DevTools {
  send(method: string, params?: object, session?: string): Promise<Record<string, unknown>>;
  /** Resolves at the next event of that name. */
  next(event: string): Promise<void>;
  close(): Promise<void>;
}

interface Message {
  id?: number;
  method?: string;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** Starts a browser with a pipe to it, which nobody else on the machine can reach. */
export function startBrowser(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DevTools {
  const child = spawn(program, [...args, "--remote-debugging-pipe", "about:blank"], {
    env: { ...env },
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  const input = child.stdio[3] as Writable;
  const output = child.stdio[4] as Readable;
  let lastId = 0;
  let failure: Error | undefined;
  let said = "";
  const waiting = new Map<
    number,
    { resolve(result: Record<string, unknown>): void; reject(error: Error): void }
  >();
  const listeners = new Map<string, { resolve(): void; reject(error: Error): void }[]>();

  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    for (const { reject } of [...listeners.values()].flat()) reject(failure);
    waiting.clear();
    listeners.clear();
  };
  const receive = (text: string) => {
    const { id, method, result, error } = JSON.parse(text) as Message;
    if (id === undefined) {
      for (const { resolve } of listeners.get(method ?? "") ?? []) resolve();
      listeners.delete(method ?? "");
      return;
    }
    const call = waiting.get(id);
    waiting.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result ?? {});
  };

  // A message may come in many pieces: a PDF is one message.
  let pieces: Buffer[] = [];
  output.on("data", (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      pieces.push(rest.subarray(0, end));
      receive(Buffer.concat(pieces).toString("utf8"));
      pieces = [];
      rest = rest.subarray(end + 1);
    }
    pieces.push(rest);
  });
  child.stderr?.on("data", (chunk) => {
    said = (said + String(chunk)).slice(-2000);
  });
  // A pipe breaks where the browser has ended, and its end, with its last words, says why.
  for (const stream of [input, output]) stream.on("error", () => undefined);
  child.once("error", fail);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(() => fail(new Error(`it ended${lastLine(said)}`)));

  return {
    send(method, params = {}, session) {
      if (failure) return Promise.reject(failure);
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        input.write(`${JSON.stringify({ id, method, params, ...(session && { sessionId: session }) })}\0`);
      });
    },
    next(event) {
      if (failure) return Promise.reject(failure);
      const heard = new Promise<void>((resolve, reject) => {
        listeners.set(event, [...(listeners.get(event) ?? []), { resolve, reject }]);
      });
      // Whoever waits for it hears of a failure; where nobody does any more, it is no news.
      heard.catch(() => undefined);
      return heard;
    },
    close: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  child.kill("SIGKILL");
  await ended;
}

function lastLine(text: string): string {
  const line = text.trim().split("\n").at(-1) ?? "";
  return line === "" ? "" : `: ${line.slice(0, 300)}`;
}
