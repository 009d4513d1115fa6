import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestUrl, usageBatches } from "../../src/ingest/batches.ts";

const bareLength = 200;

describe("batches of a usage request", () => {
  test("are one where everything fits", () => {
    expect(usageBatches({ projects: ["a", "b"], resourceTypes: ["x"], regions: ["r"] }, bareLength)).toEqual([
      { projects: ["a", "b"], requests: [{ resourceTypes: ["x"], regions: ["r"] }] },
    ]);
  });

  test("ask once where there are no regions", () => {
    expect(usageBatches({ projects: ["a"], resourceTypes: ["x"], regions: [] }, bareLength)).toEqual([
      { projects: ["a"], requests: [{ resourceTypes: ["x"], regions: [] }] },
    ]);
  });

  const names = (maxLength: number) =>
    fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), { maxLength });

  test("ask for every combination exactly once, each below the limit, whatever the names", () => {
    fc.assert(
      fc.property(names(400), names(300), names(200), (projects, resourceTypes, regions) => {
        const batches = usageBatches({ projects, resourceTypes, regions }, bareLength);
        expect(batches.flatMap((batch) => batch.projects)).toEqual(projects);
        for (const batch of batches) {
          const combinations = batch.requests.flatMap((request) =>
            request.resourceTypes.flatMap((type) =>
              request.regions.map((region) => JSON.stringify([type, region])),
            ),
          );
          expect(new Set(combinations).size).toBe(combinations.length);
          expect(combinations.length).toBe(resourceTypes.length * regions.length);
          for (const request of batch.requests) {
            const lists = [batch.projects, request.resourceTypes, request.regions];
            const query = new URLSearchParams(
              Object.fromEntries(lists.map((list, index) => [String(index), list.join(",")])),
            );
            expect(bareLength + query.toString().length).toBeLessThan(longestUrl);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
