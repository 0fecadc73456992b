/**
 * HPACK's table of one connection: fields by index, static ones first. Bounded by its size in bytes. Pure but for itself.
 * Source: RFC 7541 §2.3, §4.
 */
import { type Field, fieldOf } from "./field.ts";
import { STATIC_TABLE } from "./static-table.ts";

const STATIC: readonly Field[] = STATIC_TABLE.map(([name, value = ""]) => fieldOf(name, value));
/** More entries than can ever stand in the table (each counts 32 bytes at least); a power of two. */
const PLACES = 128;

export class DynamicTable {
  /** Grows with each change: what was read with another one may mean something else now. */
  version = 0;
  private readonly places: (Field | undefined)[] = [];
  private newest = 0;
  private count = 0;
  private size = 0;
  private readonly most: number;
  private capacity: number;

  /** @param most bytes that it may ever have; `HEADER_TABLE` or less */
  constructor(most: number) {
    this.most = most;
    this.capacity = most;
  }

  /** @returns undefined: the index stands for nothing */
  at(index: number): Field | undefined {
    if (index <= STATIC.length) return STATIC[index - 1];
    const age = index - STATIC.length - 1;
    return age < this.count ? this.places[(this.newest - age) & (PLACES - 1)] : undefined;
  }

  /** An entry larger than the table empties it and does not stand in it, RFC 7541 §4.4. */
  add(field: Field): void {
    this.version++;
    this.shrinkTo(this.capacity - field.size);
    if (field.size > this.capacity) return;
    this.newest = (this.newest + 1) & (PLACES - 1);
    this.places[this.newest] = field;
    this.count++;
    this.size += field.size;
  }

  /** @returns false: more than we have allowed */
  resize(capacity: number): boolean {
    if (capacity > this.most) return false;
    this.version++;
    this.capacity = capacity;
    this.shrinkTo(capacity);
    return true;
  }

  private shrinkTo(bytes: number): void {
    while (this.count > 0 && this.size > bytes) {
      const oldest = (this.newest - this.count + 1) & (PLACES - 1);
      this.size -= this.places[oldest]?.size ?? 0;
      this.places[oldest] = undefined;
      this.count--;
    }
  }
}
