import { isIP } from "node:net";
import { hostname } from "node:os";

/** Whether only this machine reaches what is bound there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** An address as it stands in a URL. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/**
 * Whether a request that names this host may be answered. A page elsewhere can make a name of its own lead to this
 * machine, and would then be taken for us by the browser; it can't do so with an address, or with a name that is ours.
 *
 * @param header the Host of the request, with or without a port
 * @param bound where the server is bound
 * @param named further names that the user gave
 */
export function isOwnHost(header: string | undefined, bound: string, named: readonly string[]): boolean {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? "") ?? [];
  const host = (bracketed ?? plain ?? "").toLowerCase();
  if (host === "") return false;
  if (isLoopback(host) || host === bound.toLowerCase()) return true;
  if (named.some((name) => name.toLowerCase() === host)) return true;
  return !isLoopback(bound) && (isIP(host) !== 0 || host === hostname().toLowerCase());
}
