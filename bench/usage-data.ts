import { createHash } from "node:crypto";

/** How much usage there is, and over how long; all else follows, so that the same numbers give the same bytes. */
export interface UsageData {
  rows: number;
  /** Each is a window of ingest, with an answer of its own to each stream. */
  months: number;
}

export interface Month {
  from: string;
  to: string;
  days: readonly string[];
  /** Of each day. */
  rowsOf: readonly number[];
}

/** Some usage of one day, as far as it does not depend on the day. */
interface Meter {
  projectId: string;
  region: string;
  resourceType: string;
  metric: string;
  reservationId: string;
  resourceId: string;
  resourceName: string;
}

export const organizationId = "0b1e5f0a-6c1d-4b8e-9a51-5d2f7c3e9b10";
export const regions = ["us-east1", "us-northcentral1", "us-southcentral1", "eu-iceland1"] as const;
export const resourceTypes = [
  "h100-80gb-sxm-ib.8x",
  "a100-80gb.1x",
  "a100-80gb.2x",
  "a100-80gb.4x",
  "a100-80gb.8x",
  "l40s-48gb.1x",
  "l40s-48gb.10x",
  "c1a.8x",
  "persistent-ssd",
  "shared-volume",
] as const;
const reservations = ["", "5a5e7f11-2d0c-4d57-8a53-1f0d7f5f0001"] as const;
const metersOfProject = regions.length * resourceTypes.length * reservations.length;

const uuid = (name: string): string => {
  const hex = createHash("md5").update(name).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

const dayMs = 86_400_000;
const dayText = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The months up to October 2026, newest first, with their rows spread evenly over their days. */
export function monthsOf({ rows, months }: UsageData): Month[] {
  const spans = Array.from({ length: months }, (_, back) => {
    const first = Date.UTC(2026, 9 - back, 1);
    const days: string[] = [];
    for (let day = first; day < Date.UTC(2026, 10 - back, 1); day += dayMs) days.push(dayText(day));
    return days;
  });
  const allDays = spans.flat().length;
  let before = 0;
  return spans.map((days) => {
    const rowsOf = days.map(() => {
      const upTo = (number: number) => Math.floor((rows * number) / allDays);
      return upTo(++before) - upTo(before - 1);
    });
    return { from: days[0] ?? "", to: days.at(-1) ?? "", days, rowsOf };
  });
}

/** The ids of the projects that it takes for so many rows a day. */
export function projectsOf(data: UsageData): string[] {
  const mostRows = Math.max(...monthsOf(data).flatMap(({ rowsOf }) => rowsOf));
  return Array.from({ length: Math.ceil(mostRows / metersOfProject) }, (_, index) =>
    uuid(`project ${index}`),
  );
}

function metersOf(data: UsageData): Meter[] {
  return projectsOf(data).flatMap((projectId, project) =>
    Array.from({ length: metersOfProject }, (_, index) => {
      const type = resourceTypes[index % resourceTypes.length] ?? "";
      const region = regions[Math.floor(index / resourceTypes.length) % regions.length] ?? "";
      const reservationId = reservations[Math.floor(index / resourceTypes.length / regions.length)] ?? "";
      const isStorage = type.startsWith("persistent") || type.startsWith("shared");
      return {
        projectId,
        region,
        resourceType: type,
        metric: isStorage ? "gib-hours" : "instance-hours",
        reservationId,
        resourceId: uuid(`resource ${project} ${index}`),
        resourceName: `${isStorage ? "data" : "train"}-${project}-${index}`,
      };
    }),
  );
}

/** Hours as a double has them: seconds over 3600, most with every digit that a double prints. */
function quantityOf(day: number, meter: number): number {
  const seconds = (Math.imul(day * 7919 + meter, 2654435761) >>> 0) % 86_401;
  return seconds / 3600;
}

/** The answer to usage for one month, as the API gives it. */
export function usageJson(data: UsageData, month: Month): AsyncGenerator<Uint8Array> {
  const line = (date: string, meter: Meter, quantity: number) =>
    JSON.stringify({
      billable_metric: meter.metric,
      date,
      project_id: meter.projectId,
      quantity,
      region: meter.region,
      reservation_id: meter.reservationId,
      resource_type: meter.resourceType,
    });
  return chunks(data, month, '{"items":[', ",", "]}\n", line);
}

const csvHeader =
  "Date,Project ID,Region,Resource Type,Billable Metric,Reservation ID,Resource ID,Resource Name,Quantity\n";

/** The answer to usage/export for one month. */
export function usageCsv(data: UsageData, month: Month): AsyncGenerator<Uint8Array> {
  const line = (date: string, meter: Meter, quantity: number) =>
    `${date},${meter.projectId},${meter.region},${meter.resourceType},${meter.metric},${meter.reservationId},${meter.resourceId},${meter.resourceName},${quantity}`;
  return chunks(data, month, csvHeader, "\n", "\n", line);
}

async function* chunks(
  data: UsageData,
  { days, rowsOf }: Month,
  before: string,
  between: string,
  after: string,
  line: (date: string, meter: Meter, quantity: number) => string,
): AsyncGenerator<Uint8Array> {
  const meters = metersOf(data);
  let text = before;
  let isFirst = true;
  for (const [day, date] of days.entries()) {
    for (const [index, meter] of meters.slice(0, rowsOf[day]).entries()) {
      text += `${isFirst ? "" : between}${line(date, meter, quantityOf(day, index))}`;
      isFirst = false;
      if (text.length >= 64 * 1024) {
        yield Buffer.from(text);
        text = "";
      }
    }
  }
  yield Buffer.from(text + after);
}
