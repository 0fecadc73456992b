/** What reading policies left is dropped when it is much, and only then: told by V8's own measure of its heap. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { typescriptArguments } from "../../bench/load/typescript.ts";

const run = promisify(execFile);
const heap = new URL("../../ext-authz/process/heap.ts", import.meta.url).href;
const MIB = 1024 ** 2;

/** Makes so many MiB old and lets go of them, then says what V8 holds before and after, and whether anybody can call for a collection. */
const script = (mebibytes: number) => `
  import { getHeapStatistics } from "node:v8";
  import { runInNewContext } from "node:vm";
  import { dropLeftovers, settleHeap } from ${JSON.stringify(heap)};
  const used = () => getHeapStatistics().used_heap_size;
  settleHeap();
  let left = Array.from({ length: ${mebibytes} }, (_, n) => Array.from({ length: 131072 }, (_, m) => n + m / 7));
  // In two turns of V8's young collections they have become old.
  for (let n = 0; n < 2_000_000; n++) left[0][0] = [n];
  left = undefined;
  const before = used();
  dropLeftovers();
  setImmediate(() => console.log(JSON.stringify([before, used(), runInNewContext("typeof gc")])));
`;

it.each([
  ["much is dropped", 96, true],
  ["little is left to V8", 16, false],
])("%s", async (_, mebibytes, isDropped) => {
  const args = [...typescriptArguments, "--input-type=module", "--eval", script(mebibytes)];
  const { stdout } = await run(process.execPath, args);
  const [before, after, gc] = JSON.parse(stdout);
  expect(before).toBeGreaterThan(mebibytes * MIB);
  expect(before - after > (mebibytes / 2) * MIB).toBe(isDropped);
  expect(gc).toBe("undefined");
});
