import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { exportFocus } from "../../src/exports/focus.ts";
import { buildOrganization } from "../models/organization.ts";
import { focusOrganization } from "./focus-organization.ts";

vi.setConfig({ testTimeout: 300_000 });

// `pip install focus-validator`, with Python 3.12: https://pypi.org/project/focus-validator/
const validator = [
  process.env.FOCUS_VALIDATOR ?? "",
  ...(process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "focus-validator")),
].find((path) => path !== "" && existsSync(path));

/** What holds of Crusoe, so that the rules for it are checked. */
const criteria = [
  "ACCOUNT_NAMING_SUPPORTED",
  "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
  "CAPACITY_RESERVATION_SUPPORTED",
  "COMMITMENT_DISCOUNT_SUPPORTED",
  "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
  "NEGOTIATED_PRICING_SUPPORTED",
  "PUBLIC_PRICE_LIST_SUPPORTED",
  "REGION_SUPPORTED",
  "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
  "SUB_ACCOUNT_SUPPORTED",
  "TAGGING_SUPPORTED",
  "UNIT_PRICING_SUPPORTED",
  "USAGE_MEASUREMENT_SUPPORTED",
].join(",");

/**
 * Rules that version 2.2.1 applies to every row, for it loses their condition: each demands what another forbids,
 * or, of InvoiceId, an invoice where there is none. docs/focus.md says more.
 */
const rulesWithoutTheirCondition = [
  "CapacityReservationStatus-C-003-C",
  "CapacityReservationStatus-C-004-C",
  "CommitmentDiscountStatus-C-004-C",
  "InvoiceId-C-005-C",
];

// Where it is to be there, a test that is skipped would pass unseen.
const isRequired = process.env.FOCUS_VALIDATOR_REQUIRED !== undefined;

test.skipIf(validator === undefined && !isRequired)(
  "the official validator finds nothing in FOCUS 1.2, as CSV and as Parquet (skipped without focus-validator)",
  async () => {
    expect(validator, "focus-validator is neither on the PATH nor named by FOCUS_VALIDATOR").toBeDefined();
    // It takes ASCII alone for text, where the specification has Unicode.
    const analytics = await buildOrganization(focusOrganization('=1+1, "plain"'));
    await analytics.publish();
    const folder = join(analytics.context.workspace.root, "out");
    await exportFocus(analytics.context, { version: "1.2", formats: ["csv", "parquet"], folder });
    for (const format of ["csv", "parquet"]) {
      const said = validate(join(folder, `focus-1.2.${format}`));
      const failed = [...said.matchAll(/^. ([A-Za-z]+-[A-Z]-\d+-[A-Z]): FAIL(.*)$/gmu)]
        // A rule that is made of others fails with them.
        .filter(([, , why = ""]) => !/failed child rules/.test(why))
        .map(([, rule]) => rule);
      expect(said).toMatch(/: PASS/);
      expect(
        failed.filter((rule) => rule !== undefined && !rulesWithoutTheirCondition.includes(rule)),
        said,
      ).toEqual([]);
    }
  },
);

function validate(file: string): string {
  const command = validator ?? "";
  // It looks for its list of currencies from the folder that holds its package.
  const python = spawnSync(
    join(dirname(command), "python"),
    ["-c", "import focus_validator, os; print(os.path.dirname(os.path.dirname(focus_validator.__file__)))"],
    { encoding: "utf8" },
  );
  const { stdout, stderr } = spawnSync(
    command,
    [
      ...["--data-file", file, "--validate-version", "1.2", "--block-download"],
      ...["--applicability-criteria", criteria],
    ],
    { encoding: "utf8", cwd: python.stdout.trim(), maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout + stderr;
}
