import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_BUNDLE_BYTES, readBundle } from "../../../ext-authz/authorize/rego/bundle.ts";
import { readTar } from "../../../ext-authz/authorize/rego/tar.ts";
import { bundleBytes } from "./modules.ts";

interface Entry {
  readonly name: string;
  readonly body?: string;
  readonly type?: string;
}

function tar(...entries: readonly Entry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, body = "", type = "0" }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(Buffer.byteLength(body).toString(8).padStart(11, "0"), 124);
    header.write("        ", 148);
    header.write(type, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const content = Buffer.alloc(Math.ceil(Buffer.byteLength(body) / 512) * 512);
    content.write(body);
    return [header, content];
  });
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

const zipped = (...entries: readonly Entry[]) => new Uint8Array(gzipSync(tar(...entries)));
const reason = (bytes: Uint8Array) => {
  const read = readBundle(bytes);
  return read.ok ? "read" : read.error;
};

describe("a bundle", () => {
  test("of opa build", () => {
    const read = readBundle(bundleBytes);
    expect(read.ok && read.value.wasm.length > 1000).toBe(true);
    expect(read.ok && read.value.data).toEqual({ graph: { a: ["b"], b: ["a", "c"], c: ["a"] } });
  });

  test.each<readonly [name: string, bytes: Uint8Array, reason: RegExp]>([
    ["without data", zipped({ name: "./policy.wasm", body: "x" }), /^read$/],
    ["without a module", zipped({ name: "data.json", body: "{}" }), /no policy\.wasm/],
    ["with a link for a module", zipped({ name: "policy.wasm", type: "2" }), /no policy\.wasm/],
    ["with broken data", zipped({ name: "policy.wasm" }, { name: "data.json", body: "{" }), /no JSON object/],
    ["with a list for data", zipped({ name: "policy.wasm" }, { name: "data.json", body: "[]" }), /no JSON object/],
    ["with two modules", zipped({ name: "/policy.wasm" }, { name: "policy.wasm" }), /twice/],
    ["that is no tar", new Uint8Array(gzipSync("hello")), /no tar/],
    ["that is no gzip", new TextEncoder().encode("hello"), /no gzip/],
    ["that is empty", new Uint8Array(0), /no gzip/],
    ["cut off", bundleBytes.subarray(0, 1000), /no gzip/],
    ["that is a bomb", new Uint8Array(gzipSync(Buffer.alloc(70 * 1024 * 1024))), /64 MiB/],
    ["that is too large", new Uint8Array(MAX_BUNDLE_BYTES + 1), /larger than/],
    ["of too many files", zipped(...Array.from({ length: 1001 }, (_, i) => ({ name: `${i}` }))), /more than 1000/],
  ])("%s", (_, bytes, wanted) => expect(reason(bytes)).toMatch(wanted));

  test("a file that is longer than the archive", () => {
    const bytes = Buffer.from(tar({ name: "policy.wasm", body: "x" }));
    expect(readTar(new Uint8Array(bytes.subarray(0, 512)))).toEqual({
      ok: false,
      error: "the archive ends in the middle of a file",
    });
  });

  test("a header whose checksum is wrong", () => {
    const bytes = tar({ name: "policy.wasm", body: "x" });
    bytes[0] = 0x71;
    expect(readTar(bytes)).toEqual({ ok: false, error: "is no tar archive" });
  });

  test("whatever byte is changed, no throw", () => {
    const bytes = tar({ name: "policy.wasm", body: "abc" }, { name: "data.json", body: "{}" });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        return typeof readTar(changed).ok === "boolean";
      }),
    );
  });
});
