import { type FaultRule, readFaultRule } from "./rule.ts";

/**
 * A rule as it is written on the command line: `KIND[,key=value]…`.
 *
 * @example readFaultText("rate-limit,rate=0.3,path=/locations,times=5")
 */
export function readFaultText(text: string): { rule: FaultRule } | { mistake: string } {
  const [kind = "", ...settings] = text.split(",").map((part) => part.trim());
  const given: Record<string, unknown> = { kind };
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    if (equals < 1) return { mistake: `${JSON.stringify(setting)} is not key=value` };
    const [key, value] = [setting.slice(0, equals).trim(), setting.slice(equals + 1).trim()];
    if (Object.hasOwn(given, key)) return { mistake: `${key} is there twice` };
    given[key] = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  }
  return readFaultRule(given);
}
