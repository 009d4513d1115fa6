import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { parameter } from "../query.ts";
import { type Call, requireOne, requireProject } from "../route.ts";
import type { Image } from "../state.ts";

export const listImages = (call: Call): Answer => {
  const group = parameter(call.query, "product_group");
  const images = providerImages(call).filter(({ productGroup }) => !group || productGroup === group);
  return listOf(call, images.map(imageBody));
};

export const getImage = (call: Call): Answer =>
  json(shaped(call, imageBody(requireOne(call, providerImages(call), "image_id"))));

const providerImages = ({ organization, at }: Call): Image[] =>
  living(organization.images, at).filter(({ projectId }) => projectId === null);

export function listCustomImages(call: Call): Answer {
  const project = requireProject(call);
  const images = living(call.organization.images, call.at).filter(
    ({ projectId }) => projectId === project.id,
  );
  return listOf(call, images.map(imageBody));
}

export const imageBody = (image: Image) => ({
  created_at: isoOf(image.createdAt),
  description: image.description,
  id: image.id,
  locations: image.locations,
  name: image.name,
  tags: image.tags,
});
