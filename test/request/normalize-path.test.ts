import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ambiguity } from "../../ext-authz/request/ambiguous-path.ts";
import { normalizePath } from "../../ext-authz/request/normalize-path.ts";

const MODES = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const;

describe("the path as Envoy normalizes it", () => {
  // Istio normalization tests, Envoy path_utility tests, and what a stock Envoy 1.40 did (istio-semantics §6, §17).
  test.each([
    ["NONE", "/app//../admin", "/app//../admin"],
    ["NONE", "/a\\b", "/a\\b"],
    ["BASE", "/app//../admin", "/app/admin"],
    ["BASE", "/%61dmin", "/admin"],
    ["BASE", "/%2561dmin", "/%2561dmin"],
    ["BASE", "/a%2Fb%5cc", "/a%2Fb%5cc"],
    ["BASE", "/a\\..\\b", "/b"],
    ["BASE", "/..", "/"],
    ["BASE", "/a/.", "/a/"],
    ["BASE", "/a/b/..", "/a/"],
    ["BASE", "/../../a", "/a"],
    ["BASE", "/xyz/..;foo=bar/.;fff=zzz/remain;x", "/remain;x"],
    ["BASE", "/a/%2e%2e;/b", "/a/..;/b"],
    ["BASE", "/a/..%3b/b", "/a/..%3b/b"],
    ["BASE", "\\", "\\"],
    ["BASE", '/a"<>^`{|}', "/a%22%3C%3E%5E%60%7B%7C%7D"],
    ["BASE", "/a[b]*", "/a[b]*"],
    ["BASE", "/%", "/%"],
    ["BASE", "/%g1%4", "/%g1%4"],
    ["BASE", "*", "*"],
    ["MERGE_SLASHES", "//a///b", "/a/b"],
    ["MERGE_SLASHES", "/a%2f/b", "/a%2f/b"],
    ["DECODE_AND_MERGE_SLASHES", "/a%2f%5c..%2Fb", "/a/b"],
    ["DECODE_AND_MERGE_SLASHES", "/%252f", "/%252f"],
  ] as const)("%s %s → %s", (mode, target, path) => {
    expect(normalizePath(target, mode).path).toBe(path);
  });

  test.each([
    ["/a?b=c", "/a", "b=c"],
    ["/a#b?c", "/a", ""],
    ["/a?b#c", "/a", "b"],
    ["/a?", "/a", ""],
    ["/a?b?c", "/a", "b?c"],
    ["", "", ""],
  ])("%j splits into path and query", (target, path, query) => {
    for (const mode of MODES) expect(normalizePath(target, mode)).toEqual({ path, query });
  });

  test("never throws, and a path without anything to change stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...MODES), (text, mode) => {
        const { path } = normalizePath(text, mode);
        expect(path).not.toMatch(/[?#]/);
        if (mode !== "NONE" && ambiguity(path, "GET") === undefined && !path.includes("%")) {
          expect(normalizePath(path, mode).path).toBe(path);
        }
      }),
    );
  });
});

describe("what stays ambiguous", () => {
  test.each([
    ["/a/b.c~d-e_f;x=1", undefined],
    ["/%20/%3f/%25", undefined],
    ["/a/.../b", undefined],
    ["/a%2fb", "an encoded slash, backslash or NUL"],
    ["/a%5Cb", "an encoded slash, backslash or NUL"],
    ["/a%1f", "an encoded control byte"],
    ["/a%7F", "an encoded control byte"],
    ["/%c0%ae", "encoded bytes that are not UTF-8"],
    ["/%ff", "encoded bytes that are not UTF-8"],
    ["/%ed%a0%80", "encoded bytes that are not UTF-8"],
    ["/%C3%A9%20%E2%82%AC", undefined],
    ["/a%00", "an encoded slash, backslash or NUL"],
    ["/a\\b", "a backslash"],
    ["//a", "an empty segment"],
    ["/a/../b", "a dot segment"],
    ["/a/%2E./b", "a dot segment"],
    ["/a/..;x/b", "a dot segment"],
    ["/a/..%3bx/b", "a dot segment"],
    ["/a b", "a byte that may not stand in a path"],
    ["/é", "a byte that may not stand in a path"],
    ["/a\u0000", "a byte that may not stand in a path"],
    ["http://x/", "the target is not an absolute path"],
    ["", "the target is not an absolute path"],
  ])("%j: %s", (path, reason) => {
    expect(ambiguity(path, "GET")).toBe(reason);
  });

  test("the two targets that are no path belong to their methods", () => {
    expect(ambiguity("*", "OPTIONS")).toBeUndefined();
    expect(ambiguity("*", "GET")).toBeDefined();
    expect(ambiguity("", "CONNECT")).toBeUndefined();
  });
});
