/** Bytes of a header as text in the guest: strict UTF-8, for any bytes. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createHost, type Plugin } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { compile, example } from "./compile.ts";

let plugin: Plugin;
beforeAll(async () => {
  plugin = (await createHost(await compile(example("probe")))).startPlugin({ rootId: "probe" });
});

function inGuest(value: Uint8Array): string {
  const stream = plugin.stream();
  const { localReply } = stream.requestHeaders([
    [":path", "/"],
    ["x-probe", "get:x-t-b"],
    ["x-t-b", value],
  ]);
  stream.done();
  return Buffer.from(localReply?.body ?? [])
    .toString()
    .slice(1, -2);
}

const cases = [
  { title: "overlong slash", bytes: [0xc0, 0xaf], text: "\ufffd\ufffd" },
  { title: "overlong in three", bytes: [0xe0, 0x80, 0xaf], text: "\ufffd\ufffd\ufffd" },
  { title: "surrogate", bytes: [0xed, 0xa0, 0x80], text: "\ufffd\ufffd\ufffd" },
  { title: "beyond Unicode", bytes: [0xf4, 0x90, 0x80, 0x80], text: "\ufffd\ufffd\ufffd\ufffd" },
  { title: "cut off", bytes: [0x61, 0xe2, 0x82], text: "a\ufffd\ufffd" },
  {
    title: "the ends of each length",
    bytes: [...Buffer.from("\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}")],
    text: "\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}",
  },
];
test.each(cases)("$title", ({ bytes, text }) => {
  expect(inGuest(Uint8Array.from(bytes))).toBe(text);
});

test("text comes back as it was", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => inGuest(Buffer.from(text)) === text));
});

test("exactly bytes that are not UTF-8 show U+FFFD", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
      let expected: string | undefined;
      try {
        expected = strict.decode(bytes);
      } catch {
        expected = undefined;
      }
      const seen = inGuest(bytes);
      return expected === undefined ? seen.includes("\ufffd") : seen === expected;
    }),
  );
});
