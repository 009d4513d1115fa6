import { Option } from "commander";

/** `--organization`, of commands that read the API. */
export const organizationOption = () =>
  new Option("--organization <name...>", "read only these organisations, each by its name or id");

/** What it asks for. */
export const organizationsAsked = ({
  organization,
}: {
  organization?: readonly string[];
}): { organizations?: readonly string[] } =>
  organization === undefined ? {} : { organizations: organization };
