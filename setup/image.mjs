/**
 * Envoy out of the official container image. In: version, folder. Out: path of the copied binary, or why not.
 * Effects: runs docker; the container is only created, never started, and removed again.
 */
import { join } from "node:path";
import { command, lastLine } from "./command.mjs";

/**
 * @param {string} version
 * @param {string} folder empty, ours alone
 * @returns {Promise<{ path: string } | { error: string }>}
 */
export async function fromImage(version, folder) {
  const engine = await command("docker", ["version", "--format", "{{.Server.Version}}"], { timeoutMs: 30_000 });
  if (engine.missing) return { error: "docker is not installed" };
  if (engine.code !== 0) return { error: `docker has no running engine (${lastLine(engine.stderr)})` };
  const made = await command("docker", ["create", `envoyproxy/envoy:v${version}`]);
  if (made.code !== 0) return { error: `docker create failed: ${lastLine(made.stderr)}` };
  const container = lastLine(made.stdout);
  const path = join(folder, "envoy");
  const copied = await command("docker", ["cp", "--follow-link", `${container}:/usr/local/bin/envoy`, path]);
  await command("docker", ["rm", container], { timeoutMs: 60_000 });
  return copied.code === 0 ? { path } : { error: `docker cp failed: ${lastLine(copied.stderr)}` };
}
