import type { Command } from "commander";
import { type Config, loadConfig } from "../config.ts";
import type { Effects } from "../effects.ts";
import { openWarehouse, type Warehouse } from "../warehouse.ts";
import { openWorkspace, type Workspace } from "../workspace.ts";
import { effectsOf } from "./effects-of.ts";

/** The workspace that the command works on, with its settings. */
export interface WorkspaceContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
}

/** @throws ConfigError where there is no workspace, or its settings are wrong */
export function workspaceContext(command: Command): WorkspaceContext {
  const effects = effectsOf(command);
  const workspace = openWorkspace(effects, command.optsWithGlobals<{ workspace?: string }>().workspace);
  return { effects, workspace, config: loadConfig(effects, workspace.tallyToml) };
}

/** Does `work` with the writer's file open, and closes it whatever happens. */
export async function withWarehouse<T>(
  { workspace, config }: WorkspaceContext,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
  try {
    return await work(warehouse);
  } finally {
    warehouse.close();
  }
}
