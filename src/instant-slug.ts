/** An instant as it stands in the names of files and folders, such as `2026-10-05T060000Z`. */
export function instantSlug(instant: Date): string {
  return instant.toISOString().replace(".000Z", "Z").replaceAll(":", "");
}
