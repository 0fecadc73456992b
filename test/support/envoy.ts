/**
 * One real Envoy for a test. In: a configuration as plain data, ports may be 0. Out: ports, log, a way to stop it.
 * Effects: a process and a folder of its own; both are gone after `stop`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../envoy/model.ts";
import { type RunningEnvoy, startEnvoy as start } from "../../examples/demo/envoy-process.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { type Folder, makeFolder } from "./folder.ts";

export interface TestEnvoy extends RunningEnvoy {
  readonly folder: Folder;
  stop(): Promise<void>;
}

/** @param config or a maker of it, for configurations that name files in the test's folder. */
export async function startEnvoy(name: string, config: Config | ((folder: string) => Config)): Promise<TestEnvoy> {
  const [{ path }, folder] = await Promise.all([findEnvoy(), makeFolder()]);
  try {
    const running = await start(name, path, typeof config === "function" ? config(folder.path) : config, folder.path);
    const stop = async (): Promise<void> => {
      await running.child.stop();
      await folder.remove();
    };
    return { ...running, folder, stop };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** What an access log in the test's folder holds by now. */
export function readLog(folder: Folder, name: string): Promise<string> {
  return readFile(join(folder.path, name), "utf8");
}
