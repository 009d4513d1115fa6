import type { RandomTools } from "./random-tools.ts";

/*
 * What the files of a random organisation say of money beside prices: rates, shared costs and budgets. Days are
 * counted as everywhere; 0 and 400 stand for no beginning and no end.
 */

/** What one of a currency is in US dollars, in 10^-10. */
export interface RateLine {
  currency: string;
  rate: bigint;
  from: number;
  to: number;
}

export interface SharedCost {
  name: string;
  projects: string[];
  hasUnusedReservations: boolean;
  key: "even" | "usage" | "fixed";
}

/** A project's share of a shared cost, in 10^-8. */
export interface ShareLine {
  shared: string;
  project: string;
  share: bigint;
  from: number;
  to: number;
}

export interface BudgetLine {
  /** Null for the whole organisation. */
  centre: string | null;
  /** As 2026-11. */
  month: string;
  /** In 10^-10. */
  amount: bigint;
  currency: string;
}

export interface Finance {
  rates: RateLine[];
  sharedCosts: SharedCost[];
  shares: ShareLine[];
  budgets: BudgetLine[];
}

export function randomFinance(
  { int, oneOf, chance, bits }: RandomTools,
  projects: readonly string[],
  centres: readonly string[],
): Finance {
  /** Stretches of days that do not overlap, with gaps. */
  const stretches = (): { from: number; to: number }[] => {
    const found = [];
    let from = chance(60) ? 0 : int(1, 40);
    while (from < 44 && chance(80)) {
      const to = chance(40) ? 400 : from + int(0, 20);
      found.push({ from, to });
      from = to + int(1, 5);
    }
    return found;
  };

  const rates = ["EUR"].flatMap((currency) =>
    stretches().map((stretch) => ({ currency, rate: bits(36) + 1n, ...stretch })),
  );

  const sharedCosts: SharedCost[] = [];
  const shares: ShareLine[] = [];
  let next = 0;
  const unused = chance(60) ? int(0, 2) : null;
  for (let nth = 0; nth < 3; nth++) {
    const hasUnusedReservations = nth === unused;
    // One project at least bears its own.
    const count = Math.min(hasUnusedReservations ? int(0, 1) : int(0, 2), projects.length - 2 - next);
    if (count <= 0 && !hasUnusedReservations) continue;
    const name = `=1+1 "${nth}" <b>`;
    const key = oneOf(["even", "usage", "usage", "fixed"] as const);
    sharedCosts.push({ name, projects: projects.slice(next, next + count), hasUnusedReservations, key });
    next += Math.max(count, 0);
    // The shares of what is shared otherwise, and those of a project that is shared itself, count for nothing.
    for (const project of projects.slice(0, 8)) {
      if (key !== "fixed" && chance(80)) continue;
      for (const stretch of chance(70) ? stretches() : []) {
        shares.push({ shared: name, project, share: bits(30) + 1n, ...stretch });
      }
    }
  }

  const budgets: BudgetLine[] = [];
  for (const centre of [null, ...centres, "Nobody's"]) {
    for (const month of ["2026-08", "2026-09", "2026-10", "2026-11", "2026-12"]) {
      for (const currency of ["USD", "EUR"]) {
        if (chance(currency === "USD" ? 65 : 85)) continue;
        budgets.push({
          centre,
          month,
          amount: chance(5) ? 0n : bits(oneOf([40, 46, 50, 54])),
          currency,
        });
      }
    }
  }
  return { rates, sharedCosts, shares, budgets };
}
