import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

/** A certificate that its server made up itself; the key is of no other use. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBoDCCAUagAwIBAgIUFXZUSFejmSt2RVRiCtA8V9QmN64wCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRdW50cnVzdGVkLmV4YW1wbGUwIBcNMjYxMTI1MTYxNTM0WhgP
MjEyNjExMDExNjE1MzRaMBwxGjAYBgNVBAMMEXVudHJ1c3RlZC5leGFtcGxlMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBpNoeP92GBzVNbehGa7sG+k5twxPTvX9
o3L6SYCMOET4V0b1T+dpRA0DhI1QsLCLssL837P58ZrqTEVRWtwgI6NkMGIwHQYD
VR0OBBYEFOBl8075GY3KmQNVZ8Py6tvAhGA/MB8GA1UdIwQYMBaAFOBl8075GY3K
mQNVZ8Py6tvAhGA/MA8GA1UdEwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEfwAAATAK
BggqhkjOPQQDAgNIADBFAiEAh1ypZP/gYbskCicvJ+fpk1dHfgfwbInELIpxYkxg
owQCIGPjoojkchpV/J0Yr4vU4pwg/xaqtFISUnPhYJuSUeK/
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKZBLYLcoASqqkWRE
uoeLIcmijTvgFl0C6dfKBhGMBbyhRANCAAQGk2h4/3YYHNU1t6EZruwb6Tm3DE9O
9f2jcvpJgIw4RPhXRvVP52lEDQOEjVCwsIuywvzfs/nxmupMRVFa3CAj
-----END PRIVATE KEY-----`;

export interface UntrustedServer {
  /** Such as `https://127.0.0.1:40124`. */
  base: string;
  /** How many requests came through, although nobody should send one. */
  requests(): number;
  close(): Promise<void>;
}

/** A server that speaks TLS with a certificate which nobody has a reason to trust. */
export async function startUntrustedServer(): Promise<UntrustedServer> {
  let requests = 0;
  const server = createServer({ cert, key }, (_, response) => {
    requests++;
    response.end('{"items":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    base: `https://127.0.0.1:${port}`,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
