/**
 * How V8 keeps its heap. In: nothing. Effects: settings of V8's, for the whole process.
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
 */
import { setFlagsFromString } from "node:v8";

const flags = ["--no-allocation-site-pretenuring", "--heap-growing-percent=30"];

/** Before there is any load. */
export function settleHeap(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
