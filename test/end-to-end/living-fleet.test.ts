import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { soleAccount } from "../../src/accounts.ts";
import { loadConfig } from "../../src/config.ts";
import { run } from "../../src/run.ts";
import { openReadOnly } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { commands } from "../gateway/life/commands.ts";
import { found } from "../gateway/life/founding.ts";
import {
  holdersAt,
  type Model,
  type ModelDisk,
  type ModelVm,
  newModel,
  stepAt,
} from "../gateway/life/model.ts";
import { day, end, prices, reservations } from "../gateway/life/rules.ts";
import { usageOf } from "../gateway/life/sums.ts";
import { key } from "../gateway/signed-client.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Until the morning after the year. */
const morning = end + 6 * 3600;

/** Lives through one year, the same each time, with enough left behind at its end to be found. */
async function livedThrough(): Promise<{ model: Model; endpoint: string }> {
  const { gateway, real } = await found([]);
  onTestFinished(() => gateway.close());
  const model = newModel();
  const [todo] = fc.sample(fc.commands(commands, { maxCommands: 160, size: "max" }), {
    seed: 2026,
    numRuns: 1,
  });
  if (!todo) throw new Error("nothing was drawn");
  await fc.asyncModelRun(() => ({ model, real }), todo);
  real.advance(morning - model.now);
  model.now = morning;
  return { model, endpoint: real.endpoint };
}

/** In thousandths of a dollar for each hour. */
const priceOf = (type: string, reservation: string): number =>
  (reservations.find(({ id }) => id === reservation)?.price ?? 0) * 1000 || (prices[type] ?? 0);

/** Of each type and reservation: seconds times amount, and what they cost in thousandths of a dollar times seconds. */
function expectedTotals(model: Model): Map<string, { amount: bigint; cost: bigint }> {
  const totals = new Map<string, { amount: bigint; cost: bigint }>();
  for (const [key, seconds] of usageOf(model, (name) => name)) {
    const [date = "", , type = "", reservation = ""] = key.split(" ");
    if (date >= "2027") continue;
    const group = `${date.slice(0, 7)} ${type} ${reservation}`.trim();
    const before = totals.get(group) ?? { amount: 0n, cost: 0n };
    totals.set(group, {
      amount: before.amount + BigInt(seconds),
      cost: before.cost + BigInt(seconds) * BigInt(priceOf(type, reservation)),
    });
  }
  return totals;
}

/** Whenever the VM's entry changed: by itself, by its disks, or as its contract ended. */
function lastChangeOf(vm: ModelVm, model: Model): number {
  const held = model.disks.flatMap(({ holds }) => holds.filter((hold) => hold.vm === vm));
  const ends = vm.steps.flatMap(({ reservation, at }) =>
    reservations.flatMap(({ id, to }) =>
      id === reservation && stepAt(vm, to - 1)?.reservation === id && to > at ? [to] : [],
    ),
  );
  const times = [...vm.changedAt, ...held.flatMap(({ from, to }) => [from, to ?? from]), ...ends];
  return Math.max(...times.filter((at) => at <= model.now));
}

const gibOf = ({ sizes }: ModelDisk): number => sizes.at(-1)?.gib ?? 0;
const monthly = (disk: ModelDisk): number => (gibOf(disk) * (prices[disk.type] ?? 0) * 730) / 1000;
const isOld = (at: number): boolean => morning - at >= 7 * day;

function expectedFindings(model: Model): { rule: string; name: string; waste: number }[] {
  const there = model.disks.filter(({ goneAt }) => goneAt === null || goneAt > morning);
  const unattached = there
    .filter((disk) => holdersAt(disk, morning).length === 0)
    .filter(({ bornAt, sizes, holds }) =>
      isOld(Math.max(bornAt, ...sizes.map(({ at }) => at), ...holds.map(({ to }) => to ?? 0))),
    )
    .map((disk) => ({ rule: "unattached_disk", name: disk.name, waste: monthly(disk) }));
  const stopped = model.vms.filter((vm) => stepAt(vm, morning)?.runs === false);
  const carriers = [...stopped].sort((a, b) => (a.id < b.id ? -1 : 1));
  const kept = stopped
    .filter((vm) => isOld(lastChangeOf(vm, model)))
    .map((vm) => {
      // A disk that a VM which runs holds too would be paid for anyway; of several stopped ones the first pays.
      const own = there.filter((disk) => {
        const holders = holdersAt(disk, morning).map((hold) => hold.vm);
        const isUsed = holders.some((holder) => stepAt(holder, morning)?.runs);
        return holders.includes(vm) && !isUsed && carriers.find((one) => holders.includes(one)) === vm;
      });
      return {
        rule: "stopped_vm_with_disks",
        name: vm.name,
        waste: own.reduce((sum, disk) => sum + monthly(disk), 0),
      };
    });
  return [...unattached, ...kept].sort(byRuleAndName);
}

type Found = { rule: string; name: string; waste: number };
const byRuleAndName = (a: Found, b: Found): number =>
  `${a.rule} ${a.name} ${a.waste}` < `${b.rule} ${b.name} ${b.waste}` ? -1 : 1;

it("`tally run` after a year of a fleet's life finds the hours, the cost and the waste that the rules alone would have", async () => {
  const { model, endpoint } = await livedThrough();
  const root = join(temporaryFolder(), "costs");
  await writeWorkspace(root);
  const workspace = workspaceAt(root);
  writeFileSync(
    workspace.tallyToml,
    '[warehouse]\nthreads = 1\n[[report]]\nname = "brief"\nfolder = "reports"\npages = ["executive"]\nformats = ["csv"]\n',
  );
  const lines = [
    ...Object.entries(prices).map(([type, price]) => `${type},,${price / 1000}`),
    ...reservations.map(({ id, price }) => `,${id},${price}`),
  ];
  writeFileSync(workspace.csv.prices, `resource_type,reservation_id,unit_price\n${lines.join("\n")}\n`);
  const effects = testEffects({
    cwd: root,
    now: new Date(morning * 1000).toISOString(),
    env: { CRUSOE_API_ENDPOINT: endpoint },
  });
  const config = loadConfig(effects, workspace.tallyToml);
  await run({ effects, workspace, config, accounts: [soleAccount(config, key)] });

  const analytics = await openReadOnly(workspace.analytics, { memoryLimit: "384MB", threads: 2 });
  onTestFinished(() => analytics.close());
  const costs = await analytics.all<{ what: string; quantity: string; cost: string }>(`
    select
      trim(strftime(usage_date, '%Y-%m') || ' ' || resource_type || ' ' || coalesce(reservation_id, '')) as what,
      sum(quantity)::varchar as quantity,
      sum(cost)::varchar as cost
    from fct_cost_daily
    where usage_date < date '2027-01-01'
    group by all
    order by 1
  `);
  const expected = [...expectedTotals(model)].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(costs.map(({ what }) => what)).toEqual(expected.map(([what]) => what));
  for (const [position, [what, { amount, cost }]] of expected.entries()) {
    const got = costs[position];
    // Hours are kept to nine places and cost to ten, so a month's sum is off by far less than a second or a mill.
    expect(Math.round(Number(got?.quantity) * 3600), what).toBe(Number(amount));
    expect(Number(got?.cost), what).toBeCloseTo(Number(cost) / 3_600_000, 5);
  }
  const gpus = await analytics.first<{ hours: string }>(
    "select sum(gpu_hours)::varchar as hours from fct_gpu_hours_daily where usage_date < date '2027-01-01'",
  );
  const gpuSeconds = expected
    .filter(([what]) => /h100|l40s/.test(what))
    .reduce((sum, [, { amount }]) => sum + amount, 0n);
  expect(Math.round(Number(gpus?.hours) * 3600)).toBe(Number(gpuSeconds));

  const findings = await analytics.all<{ rule: string; name: string; waste: string }>(`
    select rule_id as rule, resource_name as name, monthly_waste::varchar as waste
    from fct_idle_findings
    where rule_id in ('unattached_disk', 'stopped_vm_with_disks') and status = 'open'
  `);
  const wanted = expectedFindings(model);
  expect(new Set(wanted.map(({ rule }) => rule)).size).toBe(2);
  expect(findings.map((one) => ({ ...one, waste: Number(one.waste) })).sort(byRuleAndName)).toEqual(wanted);
}, 120_000);
