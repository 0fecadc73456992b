/**
 * What a check makes stays among V8's young objects. In: nothing. Effects: one setting of V8's, for the whole process.
 *
 * V8 notes which places in the code make objects that last, and then has them made in the old generation at once. It learns while
 * thousands of tokens are seen for the first time, of which parts are kept, and holds on to it when none are: whatever the same
 * places make from then on fills the old generation with what nobody needs, which also keeps alive all that it points to. Of
 * fifteen processes that ran checks in a loop ten learned so: four tenths of what a check made outlived its collection, each of
 * which took six to ten milliseconds instead of one, and a check took twice the time (docs/architecture.md).
 */
import { setFlagsFromString } from "node:v8";

/** Before there is any load. */
export function keepYoungObjectsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
