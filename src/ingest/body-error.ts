/** A body that arrived whole but is not what was asked for, or did not arrive whole. It may be asked for again. */
export class BodyError extends Error {
  override name = "BodyError";
}
