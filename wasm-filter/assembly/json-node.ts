/**
 * The values of a JSON document: of each its kind and where it stands in the text, in one block of memory, since a token has
 * dozens of them and an object for each would be most of what is allocated. No effects.
 */

export const NULL: i32 = 0;
export const FALSE: i32 = 1;
export const TRUE: i32 = 2;
export const NUMBER: i32 = 3;
export const STRING: i32 = 4;
export const ARRAY: i32 = 5;
export const OBJECT: i32 = 6;

/** Kind and whether it is escaped, start, end, next: four words. */
const NODE_BYTES: i32 = 16;
const ESCAPED: i32 = 256;

/** In the order of the text: a container's first child follows it, then that child's descendants. */
export class JsonNodes {
  length: i32 = 0;
  private words: ArrayBuffer = new ArrayBuffer(32 * NODE_BYTES);

  /** Adds one that stands at `start`; its index. */
  add(kind: i32, start: i32): i32 {
    const size = this.length * NODE_BYTES;
    if (size == this.words.byteLength) {
      const larger = new ArrayBuffer(size * 2);
      memory.copy(changetype<usize>(larger), changetype<usize>(this.words), size);
      this.words = larger;
    }
    const at = changetype<usize>(this.words) + size;
    store<i32>(at, kind);
    store<i32>(at, start, 4);
    return this.length++;
  }

  /** Says where the node and its descendants end: the last that is added is its own. */
  close(node: i32, end: i32): void {
    store<i32>(this.at(node), end, 8);
    store<i32>(this.at(node), this.length, 12);
  }

  markEscaped(node: i32): void {
    store<i32>(this.at(node), load<i32>(this.at(node)) | ESCAPED);
  }

  /** -1 for an index outside. */
  kind(node: i32): i32 {
    return <u32>node < <u32>this.length ? load<i32>(this.at(node)) & 255 : -1;
  }

  /** A string with escapes: its bytes are not its value. */
  escaped(node: i32): bool {
    return (load<i32>(this.at(node)) & ESCAPED) != 0;
  }

  /** Strings: without the quotes. */
  start(node: i32): i32 {
    return load<i32>(this.at(node), 4);
  }

  end(node: i32): i32 {
    return load<i32>(this.at(node), 8);
  }

  /** The index after its last descendant. */
  next(node: i32): i32 {
    return load<i32>(this.at(node), 12);
  }

  private at(node: i32): usize {
    assert(<u32>node < <u32>this.length);
    return changetype<usize>(this.words) + <usize>node * NODE_BYTES;
  }
}
