/** What we start ends with us, also when a signal ends us. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { typescriptArguments } from "../../bench/load/typescript.ts";

const module = fileURLToPath(new URL("../../examples/demo/child.ts", import.meta.url));

/** A process that starts one which would live for ever, and says its number. */
const parent = (more: string) => `
import { startChild } from ${JSON.stringify(module)};
const child = startChild("endless", process.execPath, ["-e", "setInterval(() => {}, 1000)"], ".");
${more}
process.stdout.write(child.pid + "\\n");
setInterval(() => {}, 1000);
`;

async function started(more = "") {
  const process_ = spawn(process.execPath, [...typescriptArguments, "--input-type=module", "-e", parent(more)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(process_.stdout), "line");
  return { process: process_, child: Number(line) };
}

/** Until the system knows the number no more. */
async function isGone(pid: number): Promise<void> {
  await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends it, and then us as ever", async (signal) => {
  const { process: us, child } = await started();
  expect(isThere(child)).toBe(true);
  us.kill(signal);
  expect((await once(us, "exit"))[1]).toBe(signal);
  await isGone(child);
});

test("who handles a signal goes on, and so does what was started", async () => {
  const { process: us, child } = await started('process.on("SIGTERM", () => process.stdout.write("heard\\n"));');
  us.kill("SIGTERM");
  const [line] = await once(createInterface(us.stdout), "line");
  expect([line, isThere(child)]).toEqual(["heard", true]);
  us.kill("SIGINT");
  await isGone(child);
});
