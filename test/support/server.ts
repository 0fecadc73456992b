/**
 * One Countersign server for a test, in a process of its own. In: settings and resources as plain data. Out: addresses,
 * a way to stop it. Effects: a process and a folder of its own.
 */
import { type RunningServer, startServer as start } from "../../examples/demo/server-process.ts";
import { makeFolder } from "./folder.ts";

export interface TestServer extends RunningServer {
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** `listen` is on free loopback ports unless the settings say otherwise. */
export async function startServer(settings: object, resources: readonly object[]): Promise<TestServer> {
  const folder = await makeFolder();
  const listen = { grpc: "127.0.0.1:0", http: "127.0.0.1:0" };
  try {
    const running = await start("server", { listen, ...settings }, resources, folder.path);
    const stop = async (signal?: "SIGTERM" | "SIGKILL"): Promise<void> => {
      await running.child.stop(signal);
      await folder.remove();
    };
    return { ...running, stop };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
