import { z } from "zod";
import { instantOf, lastInstant } from "./instant.ts";

/** Fields that the bodies of several operations have. Clients write an absent one as null or as nothing, or leave it out. */

const required = (what: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined || input === null ? "is required" : what),
});

/** A text that must be there and say something. */
export const text = (max = 1000) =>
  z.string(required("is not a text")).min(1, "is required").max(max, `is longer than ${max} characters`);

/** A text that may be missing; empty where it is. */
export const optionalText = (max = 1000) =>
  z
    .string("is not a text")
    .max(max, `is longer than ${max} characters`)
    .nullish()
    .transform((value) => value ?? "");

/** What a machine is called: a host's name. */
export const hostName = text(63).regex(
  /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
  "is no name: letters, digits, dots, dashes and underscores, the first and last of them a letter or digit",
);

/** What anything else is called. */
export const label = text(255).refine(
  (name) => name.trim() === name && !/[\u0000-\u001f\u007f]/.test(name),
  "is no name: it begins or ends with a space, or holds a control character",
);

/** A number of things. */
export const wholeNumber = (least: number, most: number) =>
  z
    .number(required("is not a number"))
    .int("is not a whole number")
    .min(least, `is below ${least}`)
    .max(most, `is above ${most}`);

/** One of a few words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, required(`is none of ${words.join(", ")}`));

/** Several of something; none where it is missing. */
export const listOf = <Item extends z.ZodType>(item: Item, most = 100) =>
  z
    .array(item, "is not a list")
    .max(most, `has more than ${most} entries`)
    .nullish()
    .transform((items) => items ?? []);

/** Several of something, at least one. */
export const requiredListOf = <Item extends z.ZodType>(item: Item, most = 100) =>
  z.array(item, required("is not a list")).min(1, "is empty").max(most, `has more than ${most} entries`);

/** An object that may be missing. */
export const optionalObject = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .object(shape, "is not an object")
    .nullish()
    .transform((value) => value ?? null);

/** A whole body. */
export const body = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape, "is not an object");

export const sshPublicKey = text(16_384).regex(
  /^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]+/,
  "is no SSH public key, such as `ssh-ed25519 AAAA…`",
);

/** A time of RFC 3339, such as `2021-12-03T19:58:34Z`, as the second that it is in. */
export const time = text(64)
  .pipe(z.iso.datetime({ offset: true, error: "is no time, such as 2021-12-03T19:58:34Z" }))
  .transform((written) => instantOf(new Date(written)))
  .refine((at) => at <= lastInstant, "is beyond the calendar");

/** Its bytes are still counted exactly. */
const mostTib = 4096;

/** A size such as `10GiB` or `1TiB`, in GiB. */
export const size = text(32)
  .regex(/^[1-9]\d{0,8} ?(GiB|TiB)$/i, "is no size, such as 10GiB or 1TiB")
  .transform((written) => Number.parseInt(written, 10) * (/TiB$/i.test(written) ? 1024 : 1))
  .refine((sizeGib) => sizeGib <= mostTib * 1024, `is above ${mostTib}TiB`);
