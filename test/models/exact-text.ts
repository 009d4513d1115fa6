const firstDay = Date.UTC(2026, 8, 20);

/** The day as text; days are counted from 20 September 2026. */
export const dayText = (day: number) => new Date(firstDay + day * 86_400_000).toISOString().slice(0, 10);

/** The instant as text; hours are counted from the beginning of that day. */
export const hourText = (hour: number) =>
  new Date(firstDay + hour * 3_600_000).toISOString().slice(0, 19).replace("T", " ");

/** An amount of so many places as decimal text. */
export function decimalText(amount: bigint, places: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, "0");
  return `${amount < 0n ? "-" : ""}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
