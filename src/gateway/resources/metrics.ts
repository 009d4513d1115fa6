import { type Answer, json, jsonParts } from "../answer.ts";
import { type Instant, parseInstant } from "../instant.ts";
import { listParameter, parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireProject } from "../route.ts";
import type { Vm } from "../state.ts";
import { utilisationOf } from "../utilisation.ts";

/** The one metric that the gateway keeps: how busy a VM's GPUs are, in percent. */
const metricName = "gpu_utilization";
/** More points of a series are refused, as Prometheus does. */
const mostPoints = 11_000;

type Labels = Readonly<Record<string, string>>;

/** Every VM's series, or one VM's, over a stretch of time. */
export function getTimeseries(call: Call): Answer {
  const vms = watchedVms(call);
  const type = required(call, "resource_type").toLowerCase();
  if (!["vm", "instance"].includes(type)) throw new Refusal(400, "resource_type is vm");
  const resourceId = parameter(call.query, "resource_id");
  return matrix(call, resourceId ? vms.filter(({ id }) => id === resourceId) : vms);
}

/** The series that a selector names over a stretch of time; no other PromQL is understood. */
export const queryRange = (call: Call): Answer =>
  matrix(call, selected(watchedVms(call), selectorOf(required(call, "query"))));

/** The values that a selector names at one instant. */
export function queryInstant(call: Call): Answer {
  const at = timeOf(call, "time", call.at);
  const vms = selected(watchedVms(call), selectorOf(required(call, "query")));
  const result = vms.flatMap((vm) => {
    const value = at > call.at ? null : utilisationOf(vm)(at);
    return value === null ? [] : [{ metric: labelsOf(vm), value: [at, String(value)] }];
  });
  return json({ data: { result, resultType: "vector" }, status: "success" });
}

/** The same as a range, asked for by parameters: `label` is `name=value`. Functions are not offered. */
export function queryByParameters(call: Call): Answer {
  const vms = watchedVms(call);
  if (parameter(call.query, "function")) throw new Refusal(400, "no function is offered, only plain series");
  const labels = (listParameter(call.query, "label") ?? []).map((text) => {
    const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new Refusal(400, "label is name=value");
    return [name, value] as const;
  });
  return matrix(
    call,
    selected(vms, { __name__: required(call, "metric"), ...Object.fromEntries(labels) }),
    "5m",
  );
}

function watchedVms(call: Call): Vm[] {
  const project = requireProject(call);
  return call.organization.vms.filter((vm) => vm.projectId === project.id && vm.utilisation !== null);
}

const labelsOf = (vm: Vm): Labels => ({
  __name__: metricName,
  project_id: vm.projectId,
  vm_id: vm.id,
  vm_name: vm.name,
  vm_type: vm.type,
});

const selected = (vms: readonly Vm[], labels: Labels): Vm[] =>
  vms.filter((vm) => {
    const own = labelsOf(vm);
    return Object.entries(labels).every(([name, value]) => (own[name] ?? "") === value);
  });

/** Reads `metric{label="value", …}`. */
function selectorOf(text: string): Labels {
  // Blanks at its ends are taken off first: an expression that allows for them would try every way of sharing them out.
  const [, name = "", inside = ""] = /^([a-zA-Z_:][\w:]*)?\s*(?:\{(.*)\})?$/s.exec(text.trim()) ?? [];
  const matcher = /\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)/gsy;
  const labels: [string, string][] = name ? [["__name__", name]] : [];
  while (matcher.lastIndex < inside.length) {
    const match = matcher.exec(inside);
    if (!match) break;
    labels.push([match[1] ?? "", unquoted(match[2] ?? "")]);
    if (matcher.lastIndex === inside.length) return Object.fromEntries(labels);
  }
  if (labels.length > 0 && inside.trim() === "") return Object.fromEntries(labels);
  throw new Refusal(400, 'the query is not of the one form that is understood: metric{label="value"}');
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw new Refusal(400, "the query holds a string that can't be read");
  }
}

/** Prometheus's own shape of a range: for each series its labels, and pairs of a time and a value as text. */
function matrix(call: Call, vms: readonly Vm[], defaultStep?: string): Answer {
  const [start, end] = [timeOf(call, "start"), timeOf(call, "end")];
  const step = stepOf(parameter(call.query, "step") || defaultStep);
  if (end < start) throw new Refusal(400, "end is before start");
  if ((end - start) / step > mostPoints) {
    throw new Refusal(400, `more than ${mostPoints} points of a series: take a longer step`);
  }
  return jsonParts(matrixText(vms, { start, end: Math.min(end, call.at), step }));
}

function* matrixText(
  vms: readonly Vm[],
  { start, end, step }: { start: Instant; end: Instant; step: number },
): Generator<string> {
  yield '{"data":{"result":[';
  let separator = "";
  for (const vm of vms) {
    if (vm.createdAt > end || (vm.deletedAt !== null && vm.deletedAt <= start)) continue;
    const valueAt = utilisationOf(vm);
    const values: [Instant, string][] = [];
    for (let at = start; at <= end; at += step) {
      const value = valueAt(at);
      if (value !== null) values.push([at, String(value)]);
    }
    if (values.length === 0) continue;
    yield separator + JSON.stringify({ metric: labelsOf(vm), values });
    separator = ",";
  }
  yield '],"resultType":"matrix"},"status":"success"}';
}

function required({ query }: Call, name: string): string {
  const text = parameter(query, name);
  if (!text) throw new Refusal(400, `the parameter ${name} is required`);
  return text;
}

/** A time as Prometheus takes it: RFC 3339, or seconds since 1970. */
function timeOf(call: Call, name: string, otherwise?: Instant): Instant {
  const text = otherwise === undefined ? required(call, name) : parameter(call.query, name);
  if (!text) return otherwise ?? call.at;
  const at = /^\d{1,11}(\.\d+)?$/.test(text)
    ? Math.floor(Number(text))
    : parseInstant(text.replace(/\.\d+(?=Z$)/, ""));
  if (at === null)
    throw new Refusal(400, `the parameter ${name} is neither a UTC time nor seconds since 1970`);
  return at;
}

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A step in seconds, or as `5m`. */
function stepOf(text: string | undefined): number {
  if (!text) throw new Refusal(400, "the parameter step is required");
  const [, count = "0", unit = "s"] = /^(\d{1,9})(?:\.0+)?([smhdw])?$/.exec(text) ?? [];
  const seconds = Number(count) * (secondsIn[unit] ?? 1);
  if (seconds < 1) throw new Refusal(400, "step is a time such as 5m, or seconds, above 0");
  return seconds;
}
