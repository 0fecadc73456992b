/**
 * The little of the protobuf wire format that Envoy's foreign functions speak: length-delimited fields out, one flag and
 * one byte field in. In come bytes, out go bytes; whatever does not parse is no answer. No effects.
 */
import { byteAt, slice } from "./ascii";
import { ByteWriter } from "./byte-writer";

export function writeField(out: ByteWriter, number: i32, value: Uint8Array): void {
  out.byte(<u8>((number << 3) | 2));
  let length = <u32>value.length;
  while (length >= 0x80) {
    out.byte(<u8>(length | 0x80));
    length >>= 7;
  }
  out.byte(<u8>length);
  out.bytes(value);
}

/** `SignResult` and `VerifySignatureResult` alike: field 1 is the flag, field 2 the bytes (signature, or an error's text). */
export class NativeAnswer {
  flag: bool = false;
  bytes: Uint8Array = new Uint8Array(0);
  private at: i32 = 0;

  constructor(private source: Uint8Array) {
    if (!this.read()) this.flag = false;
  }

  private read(): bool {
    const source = this.source;
    while (this.at < source.length) {
      const tag = this.varint();
      const value = this.varint();
      if (tag == 8) this.flag = value == 1;
      else if ((tag & 7) != 2 || value < 0 || this.at + value > source.length) return false;
      else {
        if (tag >> 3 == 2) this.bytes = slice(source, this.at, this.at + value);
        this.at += value;
      }
    }
    return this.at == source.length;
  }

  /** Up to 28 bits; -1 for more. */
  private varint(): i32 {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const code = byteAt(this.source, this.at++);
      value |= (<i32>code & 0x7f) << shift;
      if (code < 0x80) return value;
    }
    return -1;
  }
}
