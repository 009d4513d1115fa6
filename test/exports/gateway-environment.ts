import { key } from "../gateway/signed-client.ts";
import { testExtensions } from "../services/extensions.ts";

/** What a run is told of a gateway of the small organisation, and of the extensions that its copies take. */
export const gatewayEnvironment = (endpoint: string) => ({
  CRUSOE_API_ENDPOINT: endpoint,
  CRUSOE_ACCESS_KEY_ID: key.accessKeyId,
  CRUSOE_SECRET_KEY: key.secretKey,
  TALLY_EXTENSION_DIRECTORY: testExtensions,
  TALLY_NOW: "2026-03-10T12:00:00Z",
});
