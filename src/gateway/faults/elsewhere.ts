import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that followed a redirect to where it should not have gone with its credentials. */
export interface Visit {
  method: string;
  target: string;
  /** Which headers of the signature it brought, in lower case. */
  credentials: string[];
}

/** Another server than the gateway, which writes down who comes. */
export interface Elsewhere {
  /** Such as `http://127.0.0.1:40124`. */
  base: string;
  visits: readonly Visit[];
  close: () => Promise<void>;
}

export async function startElsewhere(): Promise<Elsewhere> {
  const visits: Visit[] = [];
  const server = createServer(({ method = "", url = "", headers }, response) => {
    const credentials = ["authorization", "x-crusoe-timestamp"].filter((name) => name in headers);
    visits.push({ method, target: url, credentials });
    response.setHeader("content-type", "application/json");
    response.end('{"items":[]}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    visits,
    async close() {
      const end = once(server, "close");
      server.close();
      server.closeAllConnections();
      await end;
    },
  };
}
