/**
 * Packs the data section of a compiled filter. In: a module whose literals are UTF-16, every second byte of them zero. Out:
 * the same module with its memory image in the form that assembly/packed-data.ts unpacks at start: half the size and less,
 * which is what Envoy compiles and a control plane pushes. Deterministic. No effects.
 *
 * The image is read as 16-bit units. The form is a list of steps, each a byte `count << 2 | kind` with a count of 1 to 63:
 * gap (units that stay zero), narrow (units below 256, a byte each), wide (two bytes each), copy (units that stand `distance`
 * units before, two bytes, little endian). A zero byte ends the list.
 */

/** Where the packed form stands when the module starts; the same as in assembly/packed-data.ts. */
export const PACKED = 0xc000;

const MEMORY = 5;
const DATA_COUNT = 12;
const DATA = 11;
const PAGE = 65536;
const GAP = 0;
const NARROW = 1;
const WIDE = 2;
const COPY = 3;
const MOST = 63;
/** A copy costs three bytes and breaks a run of single bytes, which costs one more. */
const LEAST_COPY = 5;

/**
 * @param {Uint8Array} module as asc writes it
 * @returns {Uint8Array}
 */
export function packData(module) {
  const sections = readSections(module);
  const data = sections.find(({ id }) => id === DATA);
  const memory = sections.find(({ id }) => id === MEMORY);
  if (data === undefined || memory === undefined) throw new Error("the module has no memory image");
  const segments = readSegments(data.body);
  const start = Math.min(...segments.map(({ offset }) => offset)) & ~1;
  const end = Math.max(...segments.map(({ offset, bytes }) => offset + bytes.length));
  const image = new Uint8Array((end - start + 1) & ~1);
  for (const { offset, bytes } of segments) image.set(bytes, offset - start);
  const packed = packImage(image);
  const body = [start & 255, start >> 8, ...packed];
  // Limits of the memory: a flag, then the pages at start.
  const pages = new Cursor(memory.body.subarray(2)).number();
  if (start > 0xffff || end > PACKED || PACKED + body.length > pages * PAGE) {
    throw new Error(`the memory image (${start} to ${end}) does not fit before its packed form at ${PACKED}`);
  }
  const segment = [1, 0, 0x41, ...signedNumber(PACKED), 0x0b, ...number(body.length), ...body];
  const replaced = new Map([
    [DATA, segment],
    [DATA_COUNT, [1]],
  ]);
  const out = [...module.subarray(0, 8)];
  for (const { id, body: old } of sections) {
    const bytes = replaced.get(id) ?? old;
    out.push(id, ...number(bytes.length), ...bytes);
  }
  return Uint8Array.from(out);
}

/**
 * @param {Uint8Array} image an even number of bytes
 * @returns {number[]} the steps, with the end
 */
export function packImage(image) {
  const units = new Uint16Array(image.length / 2);
  for (let i = 0; i < units.length; i++) units[i] = image[2 * i] | (image[2 * i + 1] << 8);
  const out = [];
  let plain = 0;
  const flush = (to) => {
    for (let at = plain; at < to; ) at = literal(units, at, to, out);
  };
  for (let at = 0; at < units.length; ) {
    const copy = longestCopy(units, at);
    if (copy.count < LEAST_COPY) {
      at++;
      continue;
    }
    flush(at);
    out.push((copy.count << 2) | COPY, copy.distance & 255, copy.distance >> 8);
    at += copy.count;
    plain = at;
  }
  flush(units.length);
  return [...out, 0];
}

/** One run of zero, narrow or wide units; the place after it. A single zero does not break a run of narrow ones. */
function literal(units, from, to, out) {
  const kindAt = (at) => {
    if (units[at] === 0 && (at + 1 === to || units[at + 1] === 0)) return GAP;
    return units[at] < 256 ? NARROW : WIDE;
  };
  const kind = units[from] === 0 ? GAP : kindAt(from);
  let at = from + 1;
  while (at < to && at - from < MOST && (kind === GAP ? units[at] === 0 : kindAt(at) === kind)) at++;
  out.push(((at - from) << 2) | kind);
  for (let i = from; i < at && kind !== GAP; i++) {
    out.push(units[i] & 255);
    if (kind === WIDE) out.push(units[i] >> 8);
  }
  return at;
}

/** The longest run before `at` that is repeated there, the nearest of equals. All-zero runs are left to gaps. */
function longestCopy(units, at) {
  let best = { count: 0, distance: 0 };
  for (let from = at - 1; from >= 0 && at - from < 65536; from--) {
    if (units[from] !== units[at] || units[from + best.count] !== units[at + best.count]) continue;
    let count = 1;
    while (count < MOST && at + count < units.length && units[from + count] === units[at + count]) count++;
    if (count > best.count) best = { count, distance: at - from };
  }
  const isGap = units.subarray(at, at + best.count).every((unit) => unit === 0);
  return isGap ? { count: 0, distance: 0 } : best;
}

/** The sections of a module (WebAssembly core §5.5.2) in order. */
function readSections(module) {
  const cursor = new Cursor(module.subarray(8));
  const sections = [];
  while (cursor.more()) {
    const id = cursor.byte();
    sections.push({ id, body: cursor.bytes(cursor.number()) });
  }
  return sections;
}

/** Active segments of memory 0 with a constant offset (§5.5.14): all that asc writes. */
function readSegments(body) {
  const cursor = new Cursor(body);
  const segments = [];
  for (let count = cursor.number(); count > 0; count--) {
    if (cursor.byte() !== 0 || cursor.byte() !== 0x41) throw new Error("a data segment of an unknown form");
    const offset = cursor.number();
    if (cursor.byte() !== 0x0b) throw new Error("a data segment of an unknown form");
    segments.push({ offset, bytes: cursor.bytes(cursor.number()) });
  }
  return segments;
}

class Cursor {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  more() {
    return this.#at < this.#bytes.length;
  }

  byte() {
    if (!this.more()) throw new Error("the module ends too early");
    return this.#bytes[this.#at++];
  }

  bytes(length) {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error("the module ends too early");
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** LEB128, unsigned; offsets are signed in the text but never below zero, and then read the same. */
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

function number(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...number(value >>> 7)];
}

function signedNumber(value) {
  return value < 64 ? [value] : [(value & 127) | 128, ...signedNumber(value >>> 7)];
}
