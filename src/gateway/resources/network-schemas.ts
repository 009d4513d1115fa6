import { z } from "zod";
import { parseAddress, parseCidr } from "../cidr.ts";
import { body, label, listOf, oneOf, optionalText, requiredListOf, text, wholeNumber } from "../fields.ts";

/** The bodies that operations on networks, subnets, firewall rules and load balancers take. */

/** The addresses of a network or subnet: of its sizes the smallest leaves a few to give out. */
const [fewestBits, mostBits] = [8, 28];

const ownCidr = text(32).transform((written, context) => {
  const cidr = parseCidr(written);
  const message = !cidr
    ? "is no stretch of IPv4 addresses, such as 10.1.0.0/16"
    : !cidr.isExact
      ? "does not begin with its first address"
      : cidr.bits < fewestBits || cidr.bits > mostBits
        ? `is none from /${fewestBits} to /${mostBits}`
        : null;
  if (cidr && message === null) return cidr;
  context.addIssue({ code: "custom", message: message ?? "" });
  return z.NEVER;
});

export const newNetwork = body({ cidr: ownCidr, name: label });
export const networkChange = body({ name: label });

export const newSubnet = body({
  cidr: ownCidr,
  location: text(),
  name: label,
  // The seed's subnets have no gateways yet.
  nat_gateway_enabled: z.boolean("is neither true nor false").nullish(),
  vpc_network_id: text(),
});

export const subnetChange = body({
  name: label,
  nat_gateway_action: z.literal(["enable", "disable", ""], "is neither enable nor disable").nullish(),
});

/** Whatever one can send to or hear from; both may be said of one. */
const target = z
  .object(
    {
      cidr: optionalText(64).refine(
        (written) => written === "" || parseCidr(written) !== null || parseAddress(written) !== null,
        "is no IPv4 address or stretch of them",
      ),
      resource_id: optionalText(),
    },
    "is not an object",
  )
  .refine(({ cidr, resource_id: id }) => cidr !== "" || id !== "", "has neither cidr nor resource_id")
  .transform(({ cidr, resource_id: resourceId }) => ({ cidr, resourceId }));

const port = wholeNumber(1, 65_535);

const portRange = text(16).refine((written) => {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(written) ?? [];
  return (
    from !== undefined &&
    Number(from) >= 1 &&
    Number(to ?? from) <= 65_535 &&
    Number(to ?? from) >= Number(from)
  );
}, "is no port or range of ports, such as 443 or 3000-8080");

const protocols = requiredListOf(oneOf(["tcp", "udp", "icmp"]));

export const newFirewallRule = body({
  action: oneOf(["allow", "deny"]),
  direction: oneOf(["ingress", "egress"]),
  name: label,
  vpc_network_id: text(),
  protocols,
  sources: requiredListOf(target),
  destinations: requiredListOf(target),
  source_ports: listOf(portRange),
  destination_ports: listOf(portRange),
});

/** What is missing, null or an empty name stays as it is. */
const kept = <Field extends z.ZodType>(field: Field) =>
  field.nullish().transform((value) => value ?? undefined);

const keptName = kept(label.or(z.literal(""))).transform((name) => name || undefined);

export const firewallRuleChange = body({
  name: keptName,
  protocols: kept(protocols),
  sources: kept(requiredListOf(target)),
  destinations: kept(requiredListOf(target)),
  source_ports: kept(z.array(portRange, "is not a list").max(100, "has more than 100 entries")),
  destination_ports: kept(z.array(portRange, "is not a list").max(100, "has more than 100 entries")),
});

const times = wholeNumber(1, 1000);

const listeners = requiredListOf(
  z
    .object(
      {
        listen_port: port,
        backends: z
          .array(
            z.object(
              { ip: text(64).refine((ip) => parseAddress(ip) !== null, "is no IPv4 address"), port },
              "is not an object",
            ),
            "is not a list",
          )
          .max(1000, "has more than 1000 entries"),
      },
      "is not an object",
    )
    .transform(({ listen_port, backends }) => ({ port: listen_port, backends })),
).refine((all) => new Set(all.map((one) => one.port)).size === all.length, "names a listen_port twice");

const healthCheckOptions = kept(
  z
    .object(
      { failure_count: times, interval: times, success_count: times, timeout: times },
      "is not an object",
    )
    .transform(({ failure_count, interval, success_count, timeout }) => ({
      failureCount: failure_count,
      interval,
      successCount: success_count,
      timeout,
      port: null,
    })),
);

export const newLoadBalancer = body({
  name: label,
  location: text(),
  vpc_id: text(),
  protocol: oneOf(["tcp", "udp"]),
  listen_ports_and_backends: listeners,
  health_check_options: healthCheckOptions,
});

export const loadBalancerChange = body({
  listen_ports_and_backends: listeners,
  health_check_options: healthCheckOptions,
});

/** A number that the API writes as a text. */
const writtenNumber = (least: number, most: number) =>
  z
    .union([z.number(), z.string().regex(/^\d{1,9}$/, "is not a number")], {
      error: ({ input }) => (input === undefined ? "is required" : "is not a number"),
    })
    .transform(Number)
    .pipe(wholeNumber(least, most));

const writtenTimes = (usual: number) =>
  z
    .union([z.literal(["", null]), writtenNumber(1, 1000)], "is no number from 1 to 1000")
    .optional()
    .transform((value) => value || usual);

/** What is to be checked; null for nothing, which is what port 0 says. */
const healthCheck = z
  .object(
    {
      port: writtenNumber(0, 65_535),
      failure_count: writtenTimes(3),
      interval: writtenTimes(60),
      success_count: writtenTimes(2),
      timeout: writtenTimes(20),
    },
    "is not an object",
  )
  .transform(({ port: at, failure_count, interval, success_count, timeout }) => ({
    check:
      at === 0
        ? null
        : { port: at, failureCount: failure_count, interval, successCount: success_count, timeout },
  }));

const destinations = z
  .array(target, {
    error: ({ input }) => (input === undefined || input === null ? "is required" : "is not a list"),
  })
  .max(1000, "has more than 1000 entries");

export const newInternalLoadBalancer = body({
  name: label,
  location: text(),
  algorithm: text(64),
  type: z.literal(["internal_ipv4", ""], "is not internal_ipv4").nullish(),
  protocols: requiredListOf(oneOf(["tcp", "udp"])),
  destinations,
  network_interfaces: requiredListOf(
    z.object({ network: optionalText(), subnet: text() }, "is not an object"),
    1,
  ),
  health_check: healthCheck.nullish(),
});

export const internalLoadBalancerChange = body({
  name: keptName,
  destinations: kept(destinations),
  health_check: healthCheck.nullish(),
});
