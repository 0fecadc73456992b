/** Bytes that grow at the end: what signature bases and header values are written with. No effects. */

/** Bytes that a writer keeps for the next use. */
const KEPT: i32 = 65536;

export class ByteWriter {
  private buffer: Uint8Array = new Uint8Array(512);
  length: i32 = 0;

  /** Where the first byte stands, until the next write. */
  get start(): usize {
    return this.buffer.dataStart;
  }

  byte(code: u8): void {
    this.reserve(1);
    store<u8>(this.buffer.dataStart + this.length++, code);
  }

  /** ASCII only; anything else is written as `?`. */
  text(text: string): void {
    const length = <usize>text.length;
    const units = changetype<usize>(text);
    const out = this.extend(text.length);
    for (let i: usize = 0; i < length; i++) {
      const code = load<u16>(units + (i << 1));
      store<u8>(out + i, code < 0x80 ? <u8>code : 0x3f);
    }
  }

  /** The bytes from `from` to `to`; nothing where the bounds are not in order. */
  bytes(bytes: Uint8Array, from: i32 = 0, to: i32 = bytes.length): void {
    if (from < 0 || to > bytes.length || from >= to) return;
    const length = to - from;
    memory.copy(this.extend(length), bytes.dataStart + from, length);
  }

  /** Decimal digits. */
  decimal(value: u64): void {
    let digits = 1;
    for (let rest = value / 10; rest > 0; rest /= 10) digits++;
    let at = this.extend(digits) + digits;
    for (; digits > 0; digits--, value /= 10) store<u8>(--at, <u8>(0x30 + (value % 10)));
  }

  /** Room for `more` bytes at the end, which the caller writes before anything else: where it begins. */
  extend(more: i32): usize {
    this.reserve(more);
    this.length += more;
    return this.buffer.dataStart + this.length - more;
  }

  take(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** What was written from `from` on, without a copy: good until the next write. */
  view(from: i32 = 0): Uint8Array {
    return this.buffer.subarray(from, this.length);
  }

  /** Starts anew, with the memory that it has unless a large one came by. */
  clear(): void {
    this.length = 0;
    if (this.buffer.length > KEPT) this.buffer = new Uint8Array(512);
  }

  private reserve(more: i32): void {
    const need = this.length + more;
    if (need <= this.buffer.length) return;
    const larger = new Uint8Array(max(need, this.buffer.length * 2));
    memory.copy(larger.dataStart, this.buffer.dataStart, this.length);
    this.buffer = larger;
  }
}
