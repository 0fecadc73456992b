// Text on its way to the host: UTF-8 in static memory, so that a call with a short text allocates nothing.
// In: a string. Out: pointer and length, good until the same slot is used again. The host copies during the call.

const CAPACITY: i32 = 1024;

/** One place for one outgoing text. A text too long for the static memory lives in `spill` meanwhile. */
export class Argument {
  length: u32 = 0;
  pointer: usize = 0;
  private fixed: usize;
  private spill: ArrayBuffer | null = null;

  constructor(fixed: usize) {
    this.fixed = fixed;
  }

  put(text: string): this {
    const units = text.length;
    // One UTF-16 unit is never more than three bytes of UTF-8.
    if (units * 3 <= CAPACITY) {
      this.spill = null;
      this.pointer = this.fixed;
      this.length = <u32>String.UTF8.encodeUnsafe(changetype<usize>(text), units, this.fixed);
      return this;
    }
    const encoded = String.UTF8.encode(text);
    this.spill = encoded;
    this.pointer = changetype<usize>(encoded);
    this.length = <u32>encoded.byteLength;
    return this;
  }
}

/** A name: header, metric, key, foreign function. */
export const nameArgument = new Argument(memory.data(1024));
/** A value that goes with a name. */
export const valueArgument = new Argument(memory.data(1024));
/** A third text, where a call takes three. */
export const extraArgument = new Argument(memory.data(1024));
