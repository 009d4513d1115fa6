import { z } from "zod";

/** [schedule] of tally.toml. Whether cron and zone can be read is checked where they are used. */
export const scheduleTable = z.strictObject({
  cron: z.string().default("30 2 * * *"),
  time_zone: z.string().default("UTC"),
  jitter_minutes: z.number().min(0).max(720).default(0),
  listen: z
    .string()
    .refine((text) => listenAddress(text) !== undefined, "an address and a port such as 127.0.0.1:9464")
    .optional(),
});

/** [status] of tally.toml. */
export const statusTable = z.strictObject({
  stale_after_hours: z.number().positive().max(10_000).default(36),
});

export interface ScheduleSettings {
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron: string;
  /** By its IANA name. */
  timeZone: string;
  /** A run begins up to so much after it is due. */
  jitterMs: number;
  /** Where /healthz, /readyz and /metrics are served; undefined for nowhere. */
  listen: ListenAddress | undefined;
}

export interface ListenAddress {
  host: string;
  port: number;
}

export function readScheduleSettings(table: z.infer<typeof scheduleTable>): ScheduleSettings {
  return {
    cron: table.cron,
    timeZone: table.time_zone,
    jitterMs: table.jitter_minutes * 60_000,
    listen: table.listen === undefined ? undefined : listenAddress(table.listen),
  };
}

/** Reads `127.0.0.1:9464`, `localhost:9464` or `[::1]:9464`; undefined where it is none. Port 0 is one that is free. */
export function listenAddress(text: string): ListenAddress | undefined {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
