import type { Answer } from "../answer.ts";
import { type Call, requireBody, requireWritableProject } from "../route.ts";
import { requireDisk } from "../vm-orders.ts";
import { begin, newId, record, requireFreeName, requireSettled } from "../writing.ts";
import { operationAnswer } from "./operations.ts";
import { newCustomImage } from "./vm-schemas.ts";

/** Makes an image of what a disk holds. */
export function postCustomImage(call: Call): Answer {
  const project = requireWritableProject(call);
  const { DiskID, name, description, tags } = requireBody(call, newCustomImage);
  const disk = requireDisk(call, DiskID, project.id);
  requireSettled(call, disk);
  requireFreeName(call, call.organization.images, { name, projectId: project.id });
  const operation = begin(call, "custom-image", "CREATE");
  const image = {
    id: newId(call),
    name,
    description,
    locations: [disk.location],
    tags,
    productGroup: "",
    projectId: project.id,
    createdAt: operation.completedAt,
    deletedAt: null,
  };
  call.organization.images.push(image);
  return operationAnswer(call, record(call, operation, { resource: image }));
}
