import type { Warehouse } from "../warehouse.ts";

/**
 * Does `work` in one transaction, and then puts back the settings that loading usage changes on its way, since they
 * hold for the whole database. That is done from outside: a transaction in which a statement failed refuses every
 * other, and that refusal would stand in the place of why it failed.
 */
export async function usageTransaction<T>(warehouse: Warehouse, work: () => Promise<T>): Promise<T> {
  try {
    return await warehouse.transaction(work);
  } finally {
    // Refused only by a database that a full disk has closed to everything: what matters is the first error.
    await warehouse
      .run("reset preserve_insertion_order; reset allocator_bulk_deallocation_flush_threshold")
      .catch(() => undefined);
  }
}
