/**
 * HPACK's Huffman code, read four bits at a time. In: bytes. Out: text, one character a byte; undefined for what is no such code,
 * for padding of eight bits or more, or not of ones, and for the end-of-string symbol. Pure.
 *
 * Source: RFC 7541 §5.2 and appendix B. The code is canonical: lengths, then symbols, in order, so the lengths say it all.
 */
import { MAX_HEADER_BLOCK } from "./bounds.ts";

/** Bits of each symbol's code; the last is the end of a string. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];

const END_OF_STRING = 256;
const SHORTEST = 5;

/** A step: the state after four bits in the low byte, then a symbol if one ended in them, then what is known. */
const EMITS = 1 << 16;
/** The bits so far may be the padding of a string's end. */
const MAY_END = 1 << 17;
const FAILS = 1 << 18;

/** Steps by state and four bits. A state is an inner node of the code's tree: 256 for 257 symbols, the root first. */
const STEPS = buildSteps();

/** Where texts are put together: reading is synchronous. The shortest code has five bits. */
const scratch = Buffer.allocUnsafeSlow(Math.ceil((MAX_HEADER_BLOCK * 8) / SHORTEST));

export function readHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from > MAX_HEADER_BLOCK) return undefined;
  let step = MAY_END;
  let length = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    step = STEPS[((step & 0xff) << 4) | (byte >> 4)] ?? FAILS;
    if ((step & EMITS) !== 0) scratch[length++] = (step >> 8) & 0xff;
    if ((step & FAILS) !== 0) return undefined;
    step = STEPS[((step & 0xff) << 4) | (byte & 15)] ?? FAILS;
    if ((step & EMITS) !== 0) scratch[length++] = (step >> 8) & 0xff;
    if ((step & FAILS) !== 0) return undefined;
  }
  return (step & MAY_END) === 0 ? undefined : scratch.toString("latin1", 0, length);
}

interface Node {
  readonly state: number;
  /** Bits of ones that lead here, if only ones do. */
  readonly ones: number | undefined;
  readonly branches: (Node | number | undefined)[];
}

function buildSteps(): Uint32Array {
  const nodes: Node[] = [];
  const add = (ones: number | undefined): Node => {
    const node: Node = { state: nodes.length, ones, branches: [] };
    nodes.push(node);
    return node;
  };
  const root = add(0);
  for (const { symbol, code, length } of codes()) {
    let node = root;
    for (let bit = length - 1; bit > 0; bit--) {
      const side = (code >>> bit) & 1;
      let next = node.branches[side];
      if (typeof next !== "object") {
        next = add(side === 1 && node.ones !== undefined ? node.ones + 1 : undefined);
        node.branches[side] = next;
      }
      node = next;
    }
    node.branches[code & 1] = symbol;
  }
  const steps = new Uint32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let bits = 0; bits < 16; bits++) steps[(node.state << 4) | bits] = stepFrom(node, bits, root);
  }
  return steps;
}

function stepFrom(from: Node, bits: number, root: Node): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = node.branches[(bits >> bit) & 1];
    if (next === undefined || next === END_OF_STRING) return FAILS;
    if (typeof next === "number") {
      emitted = EMITS | (next << 8);
      node = root;
    } else node = next;
  }
  return node.state | emitted | (node.ones !== undefined && node.ones < 8 ? MAY_END : 0);
}

function codes(): { symbol: number; code: number; length: number }[] {
  const order = LENGTHS.map((length, symbol) => ({ symbol, length })).sort(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  );
  let code = -1;
  let last = 0;
  return order.map(({ symbol, length }) => {
    code = (code + 1) << (length - last);
    last = length;
    return { symbol, code, length };
  });
}
