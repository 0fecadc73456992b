/**
 * Header blocks of one connection become fields. In: the bytes of a whole block. Out: its fields, in order; false for what is no
 * HPACK, after which the connection cannot be read any further. Effects: the connection's dynamic table. Source: RFC 7541 §3, §5, §6.
 */
import { HEADER_TABLE } from "./bounds.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { type Field, fieldOf, withValue } from "./field.ts";
import { readHuffman } from "./huffman.ts";

export interface FieldSink {
  add(field: Field): void;
}

/** An integer goes on for four bytes at most: nothing here is as large as 2^28. */
const MAX_SHIFT = 21;
const NONE = Buffer.alloc(0);

export class HpackDecoder {
  private readonly table: DynamicTable;
  private bytes: Buffer = NONE;
  private at = 0;
  private end = 0;

  /** @param tableBytes what a client may have us keep */
  constructor(tableBytes = HEADER_TABLE) {
    this.table = new DynamicTable(tableBytes);
  }

  /** Another number, another table: the same bytes may mean something else. */
  get version(): number {
    return this.table.version;
  }

  decode(bytes: Buffer, from: number, to: number, fields: FieldSink): boolean {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    const isHpack = this.readSizes() && this.readFields(fields);
    // Not to keep what the socket read for the sake of this reference.
    this.bytes = NONE;
    return isHpack;
  }

  /** Changes of the table's size stand at a block's beginning only, RFC 7541 §4.2. */
  private readSizes(): boolean {
    while (this.at < this.end && ((this.bytes[this.at] ?? 0) & 0xe0) === 0x20) {
      const size = this.integer(0x1f);
      if (size < 0 || !this.table.resize(size)) return false;
    }
    return true;
  }

  private readFields(fields: FieldSink): boolean {
    while (this.at < this.end) {
      const first = this.bytes[this.at] ?? 0;
      let field: Field | undefined;
      if (first >= 0x80) field = this.table.at(this.integer(0x7f));
      else if (first >= 0x40) {
        field = this.literal(0x3f);
        if (field !== undefined) this.table.add(field);
      } else if (first < 0x20) field = this.literal(0x0f);
      if (field === undefined) return false;
      fields.add(field);
    }
    return true;
  }

  private literal(mask: number): Field | undefined {
    const index = this.integer(mask);
    if (index < 0) return undefined;
    if (index > 0) {
      const named = this.table.at(index);
      const value = this.text();
      return named === undefined || value === undefined ? undefined : withValue(named, value);
    }
    const name = this.text();
    const value = name === undefined ? undefined : this.text();
    return name === undefined || value === undefined ? undefined : fieldOf(name, value);
  }

  private text(): string | undefined {
    if (this.at >= this.end) return undefined;
    const isHuffman = (this.bytes[this.at] ?? 0) >= 0x80;
    const length = this.integer(0x7f);
    const from = this.at;
    if (length < 0 || length > this.end - from) return undefined;
    this.at = from + length;
    return isHuffman ? readHuffman(this.bytes, from, this.at) : this.bytes.toString("latin1", from, this.at);
  }

  /** @returns -1: the block ends in it, or it is larger than anything that can be meant */
  private integer(mask: number): number {
    let value = (this.bytes[this.at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= MAX_SHIFT && this.at < this.end; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return -1;
  }
}
