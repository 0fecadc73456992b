/** Starts the floor (`always-allow-process.ts`). In: a folder. Out: its address. Effects: one process. */
import { fileURLToPath } from "node:url";
import { startChild } from "../../examples/demo/child.ts";
import { typescriptArguments } from "../load/typescript.ts";
import type { CheckServer } from "./check-server.ts";

export async function startAlwaysAllow(folder: string): Promise<CheckServer> {
  const program = fileURLToPath(new URL("./always-allow-process.ts", import.meta.url));
  const child = startChild("always-allow", process.execPath, [...typescriptArguments, program], folder);
  try {
    const port = await child.line((line) => (line.startsWith("listening ") ? Number(line.slice(10)) : undefined));
    return {
      name: "always-allow",
      version: `node:http2 ${process.versions.node}`,
      host: "127.0.0.1",
      port,
      encodeRawHeaders: false,
      child,
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}
