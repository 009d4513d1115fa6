import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { packageRoot, packageVersion } from "../../src/package.ts";
import { refusal, tallyCalls } from "../guide/command-lines.ts";

const read = (path: string) => readFileSync(join(packageRoot, "deploy", path), "utf8");

describe("the Dockerfile", () => {
  const lines = read("docker/Dockerfile").split("\n");
  const copied = lines
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(" ").slice(1, -1));

  it("copies what is there, and its .dockerignore lets that pass, and nothing else", () => {
    expect(copied.filter((path) => !existsSync(join(packageRoot, path)))).toEqual([]);
    const ignore = read("docker/Dockerfile.dockerignore").split("\n");
    expect(ignore).toContain("*");
    const allowed = ignore.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    expect(allowed.sort()).toEqual([...new Set(copied)].sort());
  });

  it("holds all that the package holds and that tally reads", () => {
    const { files } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
    const targets = last.filter((line) => line.startsWith("COPY ")).flatMap((line) => line.split(" "));
    for (const folder of files.filter((file: string) => !["man", "CHANGELOG.md"].includes(file))) {
      expect(targets).toContain(folder);
    }
  });

  it("ends as a user without rights, with a command that tally has", () => {
    const user = lines.lastIndexOf("USER node");
    expect(user).toBeGreaterThan(lines.findLastIndex((line) => line.startsWith("RUN ")));
    expect(lines).toContain('ENTRYPOINT ["tally"]');
    const command = lines.find((line) => line.startsWith("CMD ")) ?? "";
    expect(refusal(JSON.parse(command.slice(4)))).toBeUndefined();
  });
});

describe("compose.yaml", () => {
  const { tally } = parse(read("docker/compose.yaml")).services;

  it("calls commands that tally has", () => {
    expect(refusal(tally.command)).toBeUndefined();
    const [kind, ...words] = tally.healthcheck.test;
    expect(kind).toBe("CMD");
    expect(tallyCalls(words.join(" ")).map(refusal)).toEqual([undefined]);
  });

  it("lets tally write to its workspace and /tmp alone, without any right", () => {
    expect(tally).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      volumes: ["./workspace:/workspace"],
    });
    expect(tally.tmpfs).toHaveLength(1);
    expect(tally.user).not.toMatch(/root|^0/);
  });

  it("builds from the Dockerfile", () => {
    expect(
      existsSync(join(packageRoot, "deploy", "docker", tally.build.context, tally.build.dockerfile)),
    ).toBe(true);
  });
});

describe("the Kubernetes manifest", () => {
  const documents = parseAllDocuments(read("kubernetes/tally.yaml")).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
  const cronJob = documents.find(({ kind }) => kind === "CronJob");
  const pod = cronJob.spec.jobTemplate.spec.template.spec;
  const containers = [...pod.initContainers, ...pod.containers];

  it("calls commands that tally has, of this version", () => {
    for (const { args, image } of containers) {
      expect(refusal(args)).toBeUndefined();
      expect(image).toMatch(new RegExp(`:${packageVersion()}$`));
    }
  });

  it("runs one at a time, confined, with a disk of its own and no secret in the file", () => {
    expect(cronJob.spec.concurrencyPolicy).toBe("Forbid");
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
    const claims = documents
      .filter(({ kind }) => kind === "PersistentVolumeClaim")
      .map((each) => each.metadata.name);
    expect(pod.volumes[0].persistentVolumeClaim.claimName).toBe(claims[0]);
    expect(documents.map(({ kind }) => kind)).not.toContain("Secret");
    expect(pod.containers[0].env.map(({ name }: { name: string }) => name)).toEqual([
      "CRUSOE_ACCESS_KEY_ID",
      "CRUSOE_SECRET_KEY",
    ]);
    for (const { valueFrom } of pod.containers[0].env)
      expect(valueFrom.secretKeyRef.name).toBe("tally-crusoe");
  });
});

describe("the workflow", () => {
  const { jobs } = parse(read("github-actions/tally.yml"));
  const steps: { run?: string; uses?: string; with?: Record<string, string> }[] = jobs.run.steps;

  it("calls commands that tally has, of this version, and keeps what they made", () => {
    const calls = steps.flatMap(({ run }) => (run === undefined ? [] : tallyCalls(run)));
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.map(refusal)).toEqual(calls.map(() => undefined));
    expect(steps.map(({ run }) => run)).toContain(`npm install --global crusoe-tally@${packageVersion()}`);
    const [restored, saved] = steps
      .filter(({ uses }) => uses?.startsWith("actions/cache/"))
      .map((step) => step.with);
    expect(saved?.path).toBe(restored?.path);
    expect(saved?.key).toBe(restored?.key);
    expect(restored?.key?.startsWith(restored["restore-keys"] ?? "?")).toBe(true);
  });
});

describe("the systemd unit", () => {
  const unit = read("systemd/tally.service");

  it("calls a command that tally has, as a user of its own", () => {
    const [, start = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    expect(tallyCalls(start).map(refusal)).toEqual([undefined]);
    expect(unit).toMatch(/^User=tally$/m);
    expect(unit).toMatch(/^ProtectSystem=strict$/m);
  });

  it.skipIf(spawnSync("systemd-analyze", ["--version"]).status !== 0)("is one that systemd takes", () => {
    const files = ["tally.service", "tally.timer"].map((file) =>
      join(packageRoot, "deploy", "systemd", file),
    );
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], {
      encoding: "utf8",
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });
});
