/** Bytes that grow at the end: what signature bases and header values are written with. No effects. */
export class ByteWriter {
  private buffer: Uint8Array = new Uint8Array(512);
  length: i32 = 0;

  byte(code: u8): void {
    this.reserve(1);
    this.buffer[this.length++] = code;
  }

  /** ASCII only; anything else is written as `?`. */
  text(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      this.buffer[this.length + i] = code < 0x80 ? <u8>code : 0x3f;
    }
    this.length += text.length;
  }

  /** The bytes from `from` to `to`; nothing where the bounds are not in order. */
  bytes(bytes: Uint8Array, from: i32 = 0, to: i32 = bytes.length): void {
    if (from < 0 || to > bytes.length || from >= to) return;
    this.reserve(to - from);
    memory.copy(this.buffer.dataStart + this.length, bytes.dataStart + from, to - from);
    this.length += to - from;
  }

  take(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  private reserve(more: i32): void {
    const need = this.length + more;
    if (need <= this.buffer.length) return;
    const larger = new Uint8Array(max(need, this.buffer.length * 2));
    memory.copy(larger.dataStart, this.buffer.dataStart, this.length);
    this.buffer = larger;
  }
}
