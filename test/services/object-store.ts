import { spawn, spawnSync } from "node:child_process";
import { freePort } from "./free-port.ts";

/** A server that speaks S3: moto, from PyPI. */
export interface ObjectStoreServer {
  /** A bucket that is there. */
  bucket: string;
  /** What opens it. */
  env: Record<string, string>;
  /** The names of its objects, in order. */
  names(): Promise<string[]>;
  /** Removes one of them. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

/** moto's command: TALLY_TEST_MOTO, else moto_server of the PATH. */
const moto = process.env.TALLY_TEST_MOTO || "moto_server";

/** The reason for which a test can't start an object store here; undefined where it can. */
export function noObjectStore(): string | undefined {
  return spawnSync(moto, ["--help"]).status === 0
    ? undefined
    : "moto_server, of `pip install 'moto[server]'`, is neither on the PATH nor in TALLY_TEST_MOTO";
}

export async function startObjectStore(): Promise<ObjectStoreServer> {
  const port = await freePort();
  const server = spawn(moto, ["--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
  const close = async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    if (server.exitCode === null && server.kill("SIGKILL")) await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(`${endpoint}/lake`, { method: "PUT" }).catch((error: unknown) => error);
    if (answer instanceof Response && answer.ok) break;
    if (attempt > 300) {
      await close();
      throw answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    bucket: "s3://lake",
    env: {
      AWS_ACCESS_KEY_ID: "robinson",
      AWS_SECRET_ACCESS_KEY: "footprint-on-friday",
      AWS_ENDPOINT_URL_S3: endpoint,
    },
    async names() {
      const listed = await (await fetch(`${endpoint}/lake?list-type=2`)).text();
      return [...listed.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, name = ""]) => name).toSorted();
    },
    async remove(name) {
      // moto asks for a signature, and looks at none.
      const authorization =
        "AWS4-HMAC-SHA256 Credential=a/20261125/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
      const { status } = await fetch(`${endpoint}/lake/${name}`, {
        method: "DELETE",
        headers: { authorization },
      });
      if (status !== 204) throw new Error(`DELETE ${name}: ${status}`);
    },
    close,
  };
}
