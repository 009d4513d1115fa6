import type { PageDefinition } from "../pages.ts";
import {
  disksInInventory,
  reservationsInInventory,
  snapshotsInInventory,
  vmsInInventory,
} from "../sections/inventory.ts";

/** What there is now, whatever the month that the folder is of. */
export const inventory: PageDefinition = {
  name: "inventory",
  short: "Inventory",
  title: "Inventory",
  period: "month",
  path: "inventory.html",
  isOfNow: true,
  sections: [vmsInInventory, disksInInventory, snapshotsInInventory, reservationsInInventory],
};
