/**
 * One Envoy with its own folder. In: the binary, a configuration whose ports may be 0. Out: the ports that it took.
 * Effects: files in the folder, the process. No hot restart (two of ours must never share memory), one worker.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Config } from "../../envoy/model.ts";
import { type Child, startChild, startError } from "./child.ts";

const READY_MS = 30_000;

export interface RunningEnvoy {
  readonly child: Child;
  /** Of the first listener. */
  readonly port: number;
  /** `http://127.0.0.1:PORT` of the admin interface. */
  readonly admin: string;
}

/** @throws StartError with what Envoy said. */
export async function startEnvoy(name: string, binary: string, config: Config, folder: string): Promise<RunningEnvoy> {
  const file = join(folder, `${name}.json`);
  const adminFile = join(folder, `${name}.admin`);
  // The file holds the stamp's secret: ours alone.
  await writeFile(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  const args = ["-c", file, "--admin-address-path", adminFile, "--disable-hot-restart", "--concurrency", "1"];
  const child = startChild(
    `Envoy ${name}`,
    binary,
    [...args, "--log-level", "warning", "--file-flush-interval-msec", "50"],
    folder,
  );
  try {
    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline && child.running()) {
      const admin = await readFile(adminFile, "utf8").catch(() => "");
      if (admin !== "" && (await ready(`http://${admin.trim()}`))) {
        const url = `http://${admin.trim()}`;
        return { child, admin: url, port: await listenerPort(url, name) };
      }
      await pause(20);
    }
    throw startError(child, child.running() ? "did not become ready" : "ended at start");
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function ready(admin: string): Promise<boolean> {
  const answer = await fetch(`${admin}/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  return answer?.status === 200;
}

async function listenerPort(admin: string, name: string): Promise<number> {
  const answer = await fetch(`${admin}/listeners`, { signal: AbortSignal.timeout(5_000) });
  const line = (await answer.text()).split("\n").find((text) => text.startsWith(`${name}::`));
  const port = Number(line?.slice(line.lastIndexOf(":") + 1));
  if (!Number.isInteger(port) || port <= 0) throw new Error(`Envoy ${name} has no listener of that name`);
  return port;
}
