import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

/** A PostgreSQL server of a test's own, which asks for its password. */
export interface PostgresServer {
  /** Without the password. */
  url: string;
  /** With it. */
  urlWithPassword: string;
  password: string;
  env: Record<string, string>;
  /** What psql prints of some statements: fields apart by `|`, nothing else. */
  psql(sql: string): Promise<string>;
  /** A session that stays open: each call gives its statements and waits for what they print. */
  session(): { say(sql: string): Promise<string> };
  close(): Promise<void>;
}

/** Where Debian has them, by version. */
const debian = "/usr/lib/postgresql";

/** Where PostgreSQL's programs are on this machine; undefined where they are not. */
export function postgresPrograms(): string | undefined {
  const folders = existsSync(debian)
    ? readdirSync(debian)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((name) => join(debian, name, "bin"))
    : [];
  return [...folders, ...(process.env.PATH ?? "").split(":")].find(
    (folder) => folder !== "" && existsSync(join(folder, "initdb")) && existsSync(join(folder, "psql")),
  );
}

/** The reason for which a test can't start a PostgreSQL server here; undefined where it can. */
export function noPostgres(): string | undefined {
  if (postgresPrograms() === undefined) return "PostgreSQL's initdb and psql are not on this machine";
  if (process.getuid?.() === 0 && otherUser() === undefined) {
    return "PostgreSQL does not run as root, and there is no user postgres or nobody";
  }
  return undefined;
}

/** Starts one in a folder that is gone when it is closed. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = postgresPrograms() ?? "";
  const user = process.getuid?.() === 0 ? otherUser() : undefined;
  const owner = user ? { uid: user.uid, gid: user.gid } : {};
  const folder = mkdtempSync(join(tmpdir(), "tally-postgres-"));
  const password = "s3cret pa/ss@'word";
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${password}\n`);
  if (user) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  const data = join(folder, "data");
  const setUp = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "tally", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-sync"],
    { ...owner, cwd: folder, encoding: "utf8", env: { ...process.env, HOME: folder } },
  );
  if (setUp.status !== 0) throw new Error(`initdb: ${setUp.stderr}`);
  const port = await freePort();
  const options = { ...owner, cwd: folder, stdio: "ignore" } satisfies SpawnOptions;
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
    options,
  );
  const close = async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    // At once, without waiting for sessions.
    if (server.exitCode === null && server.kill("SIGQUIT")) await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const env = { PGPASSWORD: password };
  const url = `postgresql://tally@127.0.0.1:${port}/postgres`;
  const args = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", url];
  const psql = (sql: string) => output(join(bin, "psql"), [...args, "-c", sql], env);
  for (let attempt = 0; ; attempt++) {
    const answer = await psql("select 1").catch((error: unknown) => error);
    if (answer === "1") break;
    if (attempt > 100) {
      await close();
      throw answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    urlWithPassword: url.replace("tally@", `tally:${encodeURIComponent(password)}@`),
    password,
    env,
    psql,
    session() {
      const child = spawn(join(bin, "psql"), args, { env: { ...process.env, ...env } });
      let printed = "";
      let heard: () => void = () => undefined;
      child.stdout.on("data", (chunk) => {
        printed += String(chunk);
        heard();
      });
      return {
        async say(sql) {
          printed = "";
          child.stdin.write(`${sql}\n\\echo said\n`);
          while (!printed.endsWith("said\n")) {
            await new Promise<void>((resolve) => {
              heard = resolve;
            });
          }
          return printed.slice(0, -"said\n".length).trim();
        },
      };
    },
    close,
  };
}

function otherUser(): { uid: number; gid: number } | undefined {
  for (const name of ["postgres", "nobody"]) {
    const { status, stdout } = spawnSync("id", ["-u", name], { encoding: "utf8" });
    const group = spawnSync("id", ["-g", name], { encoding: "utf8" });
    if (status === 0 && group.status === 0) return { uid: Number(stdout), gid: Number(group.stdout) };
  }
  return userInfo().uid === 0 ? undefined : { uid: userInfo().uid, gid: userInfo().gid };
}

function output(file: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...process.env, ...env } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += String(chunk);
    });
    child.stderr.on("data", (chunk) => {
      stderr += String(chunk);
    });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(stdout.trim()) : reject(new Error(stderr))));
  });
}
