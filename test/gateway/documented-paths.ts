/** Paths as the API's reference prints them, for tests that go through all of a kind. */

export const operationPaths = [
  "compute/vms/instances/operations",
  "storage/disks/operations",
  "storage/snapshots/operations",
  "networking/vpc-networks/operations",
  "networking/vpc-subnets/operations",
  "networking/vpc-firewall-rules/operations",
  "networking/load-balancers/operations",
  "networking/internal-load-balancers/operations",
];

export const monitoringPaths = [
  "/organizations/x/quotas",
  "/organizations/x/reservations/gpu-tracking",
  "/organizations/x/reservations/gpu-tracking/latest",
  "/projects/x/quotas",
  "/projects/x/metrics/timeseries",
  "/projects/x/metrics/timeseries/api/v1/query",
  "/projects/x/metrics/timeseries/api/v1/query-range",
  "/projects/x/metrics/timeseries/query-parameters",
];
