/**
 * One Countersign server with its own folder. In: settings and resources as plain data. Out: the addresses that it took.
 * Effects: files in the folder, the process.
 */
import { writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { type Child, startChild, startError } from "./child.ts";

const READY_MS = 30_000;

export interface RunningServer {
  readonly child: Child;
  readonly grpc: { readonly host: string; readonly port: number };
  /** `http://127.0.0.1:PORT`, or `https:` when the settings name a certificate. */
  readonly http: string;
}

/** @throws StartError with what the server said. */
export async function startServer(
  name: string,
  settings: object,
  resources: readonly object[],
  folder: string,
): Promise<RunningServer> {
  const policies = join(folder, `${name}-policies.yaml`);
  const file = join(folder, `countersign-${name}.yaml`);
  await writeFile(policies, resources.map((resource) => stringify(resource)).join("---\n"));
  await writeFile(file, stringify({ ...settings, policies: [policies] }));
  const program = fileURLToPath(new URL("ext-authz/countersign.mjs", packageRoot));
  const child = startChild(`Countersign ${name}`, process.execPath, [program, "serve", "--config", file], folder);
  try {
    const { grpc, http } = await child.line(listening);
    const url = `${"listen" in settings && withTls(settings.listen) ? "https" : "http"}://${http}`;
    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline && child.running()) {
      if (await ready(url)) return { child, grpc: split(grpc), http: url };
      await pause(50);
    }
    throw startError(child, child.running() ? "did not become ready" : "ended at start");
  } catch (error) {
    await child.stop();
    throw error;
  }
}

function withTls(listen: unknown): boolean {
  return typeof listen === "object" && listen !== null && "tls" in listen;
}

/** Whose certificate it is does not matter here: it is our own child that answers. */
function ready(url: string): Promise<boolean> {
  const start = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const call = start(`${url}/readyz`, { rejectUnauthorized: false, agent: false, timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(false));
    call.end();
  });
}

function listening(line: string): { grpc: string; http: string } | undefined {
  if (!line.startsWith("{")) return undefined;
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== "object" || entry === null || !("msg" in entry) || entry.msg !== "listening") return undefined;
  if (!("grpc" in entry) || !("http" in entry)) return undefined;
  return { grpc: String(entry.grpc), http: String(entry.http) };
}

function split(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
