import type { HealthCheck } from "./state.ts";

/** How a load balancer checks its backends where nobody says otherwise. */
export const usualHealthCheck: HealthCheck = {
  port: null,
  failureCount: 3,
  successCount: 2,
  interval: 60,
  timeout: 20,
};
