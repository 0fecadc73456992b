/**
 * How V8 keeps its heap. In: nothing. Effects: settings of V8's, for the whole process; a collection of all garbage.
 *
 * What a check makes stays among the young objects. V8 notes which places in the code make objects that last, and then has
 * them made in the old generation at once. It learns while thousands of tokens are seen for the first time, of which parts are
 * kept, and holds on to it when none are: whatever the same places make from then on fills the old generation with what nobody
 * needs, which also keeps alive all that it points to. Of fifteen processes that ran checks in a loop ten learned so: four
 * tenths of what a check made outlived its collection, each of which took six to ten milliseconds instead of one, and a check
 * took twice the time (docs/architecture.md).
 *
 * The old generation may grow by a third of what was alive before V8 looks for garbage in it again. By its own measure that is
 * up to three times as much, the more so the faster a process is: 158 MiB of a worker under load instead of 137.
 *
 * What reading thousands of policies leaves is old when they are in force. Checks make nothing old, so V8 would not look for it
 * for hours: with 10,000 policies 380 MiB of 460. Each collection of young objects visits every page of the old ones, which then
 * takes 2 ms instead of half of one, a tenth of a busy process's time.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const flags = ["--no-allocation-site-pretenuring", "--heap-growing-percent=30"];

/** Bytes that are worth a stop of all checks: two or three milliseconds for each MiB of what is kept. */
const MUCH = 64 * 1024 * 1024;
/** What V8 held when all that it held was in use, as far as we know. */
let inUse = 0;

/** Before there is any load. */
export function settleHeap(): void {
  for (const flag of flags) setFlagsFromString(flag);
  inUse = getHeapStatistics().used_heap_size;
}

/** After policies were read: drops what that left, if it was much. */
export function dropLeftovers(): void {
  // What the functions that have read them still hold is let go of by then.
  setImmediate(() => {
    if (getHeapStatistics().used_heap_size - inUse < MUCH) return;
    collect();
    inUse = getHeapStatistics().used_heap_size;
  });
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("globalThis.gc");
  // Not there where V8 takes no settings any more: then it looks for garbage when it will.
  if (typeof gc === "function") gc();
  setFlagsFromString("--no-expose-gc");
}
