import { z } from "zod";
import { body, label, optionalText, size, text } from "../fields.ts";

/** The bodies that operations on disks and snapshots take. */

export const newDisk = body({
  name: label,
  /** Of a snapshot's disk the size and place are known. */
  snapshot_id: optionalText(),
  size: size.nullish(),
  location: optionalText(),
  block_size: z.literal([0, 512, 4096], "is neither 512 nor 4096").nullish(),
  type: z
    .literal(["persistent-ssd", "shared-volume", ""], "is neither persistent-ssd nor shared-volume")
    .nullish(),
});

export const diskChange = body({ size });

export const newSnapshot = body({
  disk_id: text(),
  // The seed's snapshots have no names yet.
  name: label.nullish(),
});

export const snapshotChange = body({ name: label });
