import { dayText, decimalText } from "./exact-text.ts";
import { divided, type Sums } from "./independent-sums.ts";
import { dateOf, type Scope, scopesIn } from "./independent-trend.ts";
import { type RandomOrganization, today } from "./random-organization.ts";

interface Period {
  period: "week" | "month";
  from: number;
  to: number;
}

/** The ISO week of a day. */
function weekOf(day: number): Period {
  const from = day - ((dateOf(day).getUTCDay() + 6) % 7);
  return { period: "week", from, to: from + 6 };
}

function monthOf(day: number): Period {
  const date = dateOf(day);
  const from = day - date.getUTCDate() + 1;
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return { period: "month", from, to: from + length - 1 };
}

/** What is known of a period: its hours, and how many of its days were read whole. */
function knownOf({ first, knownFrom, days }: Scope, { from, to }: Period) {
  const known: bigint[] = [];
  let wholeDays = 0;
  for (let day = from; day <= to; day++) {
    // Before the first use there was none, as far back as it was read without a break.
    const one = day < first && day >= knownFrom ? { hours: 0n, isWhole: true } : days.get(day);
    if (one?.hours !== null && one?.hours !== undefined) known.push(one.hours);
    if (one?.isWhole) wholeDays++;
  }
  return {
    hours: known.length > 0 ? known.reduce((sum, hours) => sum + hours, 0n) : null,
    wholeDays,
    isWhole: to < today && wholeDays === to - from + 1,
  };
}

/** The change as a ratio in millionths. */
const ratio = (now: bigint, before: bigint) =>
  before === 0n ? null : String(divided(now * 1_000_000n, before) - 1_000_000n);

/** What weeks and months of a random organisation should come to, by integers and from decision 36. */
export function expectedPeriods(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<unknown> = new Map();
  for (const scope of scopesIn(organization)) {
    for (const day of scope.days.keys()) {
      for (const periodOf of [weekOf, monthOf]) {
        const own = periodOf(day);
        const before = periodOf(own.from - 1);
        const { hours, wholeDays, isWhole } = knownOf(scope, own);
        const previous = knownOf(scope, before);
        const length = BigInt(own.to - own.from + 1);
        const lengthBefore = BigInt(before.to - before.from + 1);
        const both =
          isWhole && previous.isWhole && hours !== null && previous.hours !== null
            ? { hours, previous: previous.hours }
            : null;
        expected.set(JSON.stringify([own.period, dayText(own.from), scope.scope, scope.value]), {
          period_end: dayText(own.to),
          gpu_hours: hours === null ? null : decimalText(hours, 12),
          days: Number(length),
          known_days: wholeDays,
          is_over: own.to < today,
          is_whole: isWhole,
          daily_mean: isWhole && hours !== null ? decimalText(divided(hours, length), 12) : null,
          previous_gpu_hours: both && decimalText(both.previous, 12),
          change: both && decimalText(both.hours - both.previous, 12),
          change_millionths: both && ratio(both.hours, both.previous),
          daily_mean_change_millionths: both && ratio(both.hours * lengthBefore, both.previous * length),
        });
      }
    }
  }
  return expected;
}
