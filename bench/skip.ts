/** A case that can't be run here, and why. */
export class Skip extends Error {
  override name = "Skip";
}
