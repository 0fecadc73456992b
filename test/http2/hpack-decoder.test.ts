/** HPACK: the RFC's own examples, what is no HPACK, and whatever an encoder may choose. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { headerBlock } from "../../ext-authz/http2/header-block.ts";
import { HpackDecoder } from "../../ext-authz/http2/hpack-decoder.ts";
import { readHuffman } from "../../ext-authz/http2/huffman.ts";
import { APPENDIX_C } from "./appendix-c.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ""), "hex");

/** Undefined: no HPACK. */
function read(decoder: HpackDecoder, block: Buffer): string[] | undefined {
  const fields: string[] = [];
  const isHpack = decoder.decode(block, 0, block.length, {
    add: ({ name, value }) => void fields.push(`${name}: ${value}`),
  });
  return isHpack ? fields : undefined;
}

describe("RFC 7541 appendix C", () => {
  test.each(APPENDIX_C)("$section", ({ table, blocks }) => {
    const decoder = new HpackDecoder(table);
    for (const { hex, fields } of blocks) expect(read(decoder, bytes(hex))).toEqual(fields);
  });
});

describe("what is no HPACK", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["index 0", "80"],
    ["an index behind the static table, which stands for nothing yet", "be"],
    ["a far index", "ff80ffffff07"],
    ["an integer that never ends", "ffffffffffffffffff"],
    ["an integer cut off", "ff80"],
    ["an integer of more than four bytes, though its value is small", "ff8080808000"],
    ["a literal without a name", "40"],
    ["a literal without a value", "400161"],
    ["a name longer than the block", "40056162"],
    ["a value longer than the block", "4001610562"],
    ["a named literal whose name is nowhere", "7f3f0161"],
    ["a table larger than allowed", "3fe21f"],
    ["a table's size after a field", "8220"],
    ["Huffman padding of eight bits", "00016181ff"],
    ["Huffman padding of zeros", "0001618100"],
    ["Huffman with the end of a string in it", "00016184ffffffff"],
    ["nothing but padding, sixteen bits of it", "00016182ffff"],
  ];
  test.each(rows)("%s", (_, hex) => {
    expect(read(new HpackDecoder(), bytes(hex))).toBeUndefined();
  });

  it("an empty block, an empty Huffman text and two sizes at the beginning are", () => {
    expect(read(new HpackDecoder(), bytes(""))).toEqual([]);
    expect(read(new HpackDecoder(), bytes("00016180"))).toEqual(["a: "]);
    expect(read(new HpackDecoder(), bytes("203fe11f82"))).toEqual([":method: GET"]);
  });

  it("noise never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (blocks) => {
        const decoder = new HpackDecoder();
        for (const block of blocks) if (read(decoder, Buffer.from(block)) === undefined) break;
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the dynamic table", () => {
  it("is emptied by a field larger than itself, and by a size of zero", () => {
    const decoder = new HpackDecoder(64);
    expect(read(decoder, bytes("4001610162"))).toEqual(["a: b"]);
    expect(read(decoder, bytes("be"))).toEqual(["a: b"]);
    const large = Buffer.concat([bytes("40017850"), Buffer.alloc(0x50, "y")]);
    expect(read(decoder, large)).toEqual([`x: ${"y".repeat(0x50)}`]);
    expect(read(decoder, bytes("be"))).toBeUndefined();
    const other = new HpackDecoder();
    read(other, bytes("4001610162"));
    expect(read(other, bytes("20be"))).toBeUndefined();
  });

  it("holds as many fields as fit, the oldest go first", () => {
    const decoder = new HpackDecoder();
    for (let n = 0; n < 1000; n++) read(decoder, Buffer.concat([bytes("4000"), bytes("00")]));
    // 4096 / 32 entries of nothing.
    expect(read(decoder, bytes("ff3e"))).toEqual([": "]);
    expect(read(decoder, bytes("ff3f"))).toBeUndefined();
  });

  it("any choice of an encoder gives the same fields", () => {
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 20,
    });
    const name = fc.oneof(fc.constantFrom("a", "te", "x-long-name", ":path"), text);
    const field = fc.record({ name, value: text, form: fc.constantFrom(0x40, 0x00, 0x10), again: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(field, { maxLength: 12 }), { maxLength: 6 }), (lists) => {
        const decoder = new HpackDecoder();
        for (const list of lists) {
          const parts: Buffer[] = [];
          const expected: string[] = [];
          for (const { name, value, form, again } of list) {
            parts.push(literal(form, name, value));
            expected.push(`${name}: ${value}`);
            if (!again || form !== 0x40) continue;
            parts.push(Buffer.of(0x80 | 62));
            expected.push(`${name}: ${value}`);
          }
          expect(read(decoder, Buffer.concat(parts))).toEqual(expected);
        }
      }),
    );
  });
});

function literal(form: number, name: string, value: string): Buffer {
  const text = (of: string): Buffer => Buffer.concat([Buffer.of(of.length), Buffer.from(of, "latin1")]);
  return Buffer.concat([Buffer.of(form), text(name), text(value)]);
}

describe("what we send", () => {
  it("is read back as it was meant", () => {
    const fields = [
      [":status", "200"],
      [":status", "431"],
      ["content-type", "application/grpc"],
      ["grpc-status", "0"],
      ["grpc-message", "x".repeat(126)],
      ["grpc-message", "x".repeat(127)],
      ["grpc-message", "x".repeat(5000)],
      ["www-authenticate", ""],
    ] as const;
    const block = headerBlock(fields);
    expect(read(new HpackDecoder(), block)).toEqual(fields.map(([name, value]) => `${name}: ${value}`));
  });
});

describe("RFC 7541 appendix B: codes of every length", () => {
  const rows: readonly (readonly [symbol: number, code: number, bits: number])[] = [
    [0, 0x1ff8, 13],
    [1, 0x7fffd8, 23],
    [9, 0xffffea, 24],
    [10, 0x3ffffffc, 30],
    [13, 0x3ffffffd, 30],
    [22, 0x3ffffffe, 30],
    [32, 0x14, 6],
    [48, 0x0, 5],
    [64, 0x1ffa, 13],
    [92, 0x7fff0, 19],
    [97, 0x3, 5],
    [122, 0x7b, 7],
    [123, 0x7ffe, 15],
    [127, 0xffffffc, 28],
    [128, 0xfffe6, 20],
    [129, 0x3fffd2, 22],
    [130, 0xfffe7, 20],
    [133, 0x3fffd4, 22],
    [161, 0x1fffdd, 21],
    [195, 0x7fff1, 19],
    [199, 0x1ffffec, 25],
    [206, 0xfffff1, 24],
    [207, 0x1ffffed, 25],
    [208, 0x7fff2, 19],
    [217, 0x1fffe5, 21],
    [220, 0xffffffd, 28],
    [234, 0x1ffffee, 25],
    [239, 0x7ffff4, 23],
    [249, 0xffffffe, 28],
    [255, 0x3ffffee, 26],
  ];
  test.each(rows)("symbol %i is %i in %i bits", (symbol, code, bits) => {
    const padded = code
      .toString(2)
      .padStart(bits, "0")
      .padEnd(Math.ceil(bits / 8) * 8, "1");
    const octets = Buffer.from(padded.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? []);
    expect(readHuffman(octets, 0, octets.length)).toBe(String.fromCharCode(symbol));
  });
});

it("a Huffman text is not read beyond what a block can be", () => {
  expect(readHuffman(Buffer.alloc(40_000), 0, 40_000)).toBeUndefined();
});
