import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  path: string;
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
}

/** A server that takes what is posted to it; it answers with these statuses first, and 200 after them. */
export async function webhookServer(statuses: number[] = []): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      received.push({
        path: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(text) as Record<string, unknown>,
      });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

export interface Mail {
  from: string;
  to: string[];
  /** What AUTH PLAIN brought: user and password. */
  auth: string[];
  data: string;
}

/** A mail server that speaks as much SMTP as a client needs; it refuses so many letters before it takes one. */
export async function mailServer({
  refusals = 0,
} = {}): Promise<{ port: number; mails: Mail[]; tries: () => number }> {
  const mails: Mail[] = [];
  let tries = 0;
  const server = createTcpServer((socket) => {
    let mail: Mail = { from: "", to: [], auth: [], data: "" };
    let isData = false;
    let pending = "";
    const say = (line: string) => socket.write(`${line}\r\n`);
    const hear = (line: string) => {
      if (isData) {
        if (line !== ".") {
          mail.data += `${line.replace(/^\./, "")}\n`;
          return;
        }
        isData = false;
        if (++tries <= refusals) return void say("451 come again");
        mails.push(mail);
        mail = { ...mail, to: [], data: "" };
        return void say("250 taken");
      }
      const [word = ""] = line.toUpperCase().split(/[ :]/, 1);
      if (word === "EHLO") {
        say("250-local");
        say("250 AUTH PLAIN");
      } else if (word === "AUTH") {
        mail.auth = Buffer.from(line.split(" ")[2] ?? "", "base64")
          .toString()
          .split("\0")
          .slice(1);
        say("235 welcome");
      } else if (word === "MAIL") {
        mail.from = /<(.*?)>/.exec(line)?.[1] ?? "";
        say("250 ok");
      } else if (word === "RCPT") {
        mail.to.push(/<(.*?)>/.exec(line)?.[1] ?? "");
        say("250 ok");
      } else if (word === "DATA") {
        isData = true;
        say("354 go on");
      } else if (word === "QUIT") {
        say("221 bye");
        socket.end();
      } else say("250 ok");
    };
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      pending += String(chunk);
      const lines = pending.split("\r\n");
      pending = lines.pop() ?? "";
      for (const line of lines) hear(line);
    });
    say("220 local");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, mails, tries: () => tries };
}
