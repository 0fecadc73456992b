/**
 * The demo's parts for a test file: started once, stopped with their folder. See examples/demo/topology.ts. Every request is
 * asked for unless the test is about grants.
 */
import { type Options, startTopology as start, type Topology } from "../../examples/demo/topology.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { makeFolder } from "./folder.ts";

export async function startTopology(options: Partial<Options> = {}): Promise<Topology> {
  const [{ path }, folder] = await Promise.all([findEnvoy(), makeFolder()]);
  try {
    const topology = await start({ envoy: path, folder: folder.path, say: () => {}, grants: false, ...options });
    const stop = async (): Promise<void> => {
      await topology.stop();
      await folder.remove();
    };
    return { ...topology, stop };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
