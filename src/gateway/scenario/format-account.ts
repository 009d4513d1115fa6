import { z } from "zod";
import { id, instant, lifetime, name } from "./values.ts";

export const about = z.strictObject({
  id,
  name,
  company_name: z.string().optional(),
  billing_balance: z.string().default("$0.00"),
  billing_method: z.enum(["manual", "stripe"]).default("manual"),
});

/** A key of the local gateway that serves the scenario; it opens nothing else. */
export const accessKey = z.strictObject({
  access_key_id: name,
  secret_key: z.string().regex(/^[\w-]+={0,2}$/, "not text in base64url, as Crusoe gives it out"),
  /** Without one, that of the identity. */
  role: z.string().optional(),
});

export const identity = z.strictObject({
  name: z.string(),
  email: z.string(),
  role: z.string().default("owner"),
});

export const sshKey = z.strictObject({ name, ...lifetime });

export const token = z.strictObject({
  alias: z.string(),
  ...lifetime,
  expires: instant,
  last_used: instant.optional(),
});

export const project = z.strictObject({
  id,
  key: name,
  /** What the API calls it; may be empty, as the API's own may. */
  name: z.string(),
  relation: z.string().default("owner"),
  created: instant.optional(),
  deleted: instant.optional(),
});
