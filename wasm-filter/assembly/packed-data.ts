/**
 * Unpacks the module's own memory image, before anything else runs: this file must be the first import of an entry. In: what
 * `pack-data.mjs` put at PACKED; zeros there (a module that was not packed) mean that there is nothing to do. Out: literals in
 * their places, zeros at PACKED, where the heap will be. The bytes are our own build's, part of the module.
 */

/** The same as in pack-data.mjs. */
const PACKED: usize = 0xc000;

const NARROW: u32 = 1;
const WIDE: u32 = 2;
const COPY: u32 = 3;

/** Steps from `from` to units at `to`; the place after the last step. The form is told in pack-data.mjs. */
export function unpackData(from: usize, to: usize): usize {
  while (true) {
    const step = <u32>load<u8>(from++);
    if (step == 0) return from;
    const kind = step & 3;
    let source = from;
    if (kind == COPY) {
      source = to - ((<usize>load<u16>(from)) << 1);
      from += 2;
    }
    for (let count = step >> 2; count > 0; count--, to += 2) {
      if (kind == NARROW) store<u16>(to, load<u8>(from++));
      else if (kind >= WIDE) {
        store<u16>(to, load<u16>(source));
        source += 2;
        if (kind == WIDE) from += 2;
      }
    }
  }
}

const start = <usize>load<u16>(PACKED);
if (start != 0) memory.fill(PACKED, 0, unpackData(PACKED + 2, start) - PACKED);
