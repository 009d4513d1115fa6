import { open, stat } from "node:fs/promises";
import type { LandedFile, LandedRequest } from "./land.ts";

/** The line of the manifest for one landed response: what was asked for, and what came. */
export function manifestEntry(
  runId: string,
  request: LandedRequest,
  file: LandedFile,
  isLast: boolean,
): string {
  return `${JSON.stringify({
    path: file.path,
    stream: request.stream.name,
    run_id: runId,
    load_id: request.loadId,
    part: request.part,
    is_last: isLast,
    request: { method: request.method, path: request.path, query: request.query },
    organization_id: request.organizationId,
    project_id: request.projectId,
    window_from: request.windowFrom,
    window_to: request.windowTo,
    requested_at: request.requestedAt.toISOString(),
    status: 200,
    rows: file.rows,
    bytes: file.bytes,
    body_bytes: file.bodyBytes,
    sha256: file.sha256,
    ...(file.header.length > 0 && { header: file.header }),
    ...(file.isIrregular && { is_irregular: true }),
    ...(file.hasLongNumbers && { has_long_numbers: true }),
  })}\n`;
}

/** Adds a line to the manifest; when it returns, the line is on disk. */
export async function append(path: string, line: string): Promise<void> {
  const handle = await open(path, "a");
  try {
    await handle.appendFile(line);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A line that a killed run did not finish is ended, so that the next one stands on its own. */
export async function endTornLine(manifest: string): Promise<void> {
  const size = await stat(manifest).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return;
  const handle = await open(manifest, "r");
  let last: number | undefined;
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    last = buffer[0];
  } finally {
    await handle.close();
  }
  if (last !== 0x0a) await append(manifest, "\n");
}
