/** The guard's path rule is the server's: a table of hostile paths, and agreement with ext-authz for any path. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { PathNormalization } from "../../ext-authz/config/settings.ts";
import { ambiguity, hasEncodedNul } from "../../ext-authz/request/ambiguous-path.ts";
import { normalizePath } from "../../ext-authz/request/normalize-path.ts";
import { bytes, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});

/** What strict ext-authz says of a target without a fragment (ext-authz/request/build-request.ts). */
function serverRefuses(target: string, method: string, mode: PathNormalization): boolean {
  const seen = normalizePath(target, mode).path;
  return hasEncodedNul(seen) || ambiguity(seen, method) !== undefined || normalizePath(target, "NONE").path !== seen;
}

function guardRefuses(target: string, method: string, mode: PathNormalization): boolean {
  return pure.pathAmbiguity(bytes(target), bytes(method), mode !== "NONE") !== "";
}

const MODES: readonly PathNormalization[] = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"];

describe("the guard's path rule", () => {
  const REFUSED = [
    "//admin",
    "/a//b",
    "/a//",
    "/./a",
    "/a/.",
    "/a/..",
    "/a/../b",
    "/..;/a",
    "/a/..;x=1",
    "/.;x",
    "/%2e%2e/a",
    "/%2E./a",
    "/a/%2e",
    "/a/..%3b",
    "/a%2Fb",
    "/a%2fb",
    "/a%5Cb",
    "/a%5cb",
    "/a%00",
    "/a\\b",
    "/a#b",
    "/a b",
    "/a\x01",
    "/a\x7f",
    "/a\xc3\xbc",
    "a",
    "",
    "*",
    "?a",
    "http://h/a",
  ];
  it.each(REFUSED)("refuses %j in every mode", (target) => {
    for (const mode of MODES) expect(guardRefuses(target, "GET", mode)).toBe(true);
  });

  const PASSED = [
    "/",
    "/a",
    "/a/",
    "/a;x=1",
    "/a.b",
    "/.well-known/x",
    "/...",
    "/a..",
    "/..a",
    "/a%20b",
    "/a%252fb",
    "/a%",
    "/a%g1",
    "/a%2",
    "/a?x=//../%2f#",
    "/~u",
    "/a:b@c",
  ];
  it.each(PASSED)("passes %j in every mode", (target) => {
    for (const mode of MODES) expect(guardRefuses(target, "GET", mode)).toBe(false);
  });

  const BY_MODE: readonly (readonly [target: string, none: boolean, base: boolean])[] = [
    ["/a%41", false, true],
    ["/a%7e", false, true],
    ["/a%2eb", false, true],
    ['/a"b', false, true],
    ["/a{b}", false, true],
    ["/a[b]", false, false],
  ];
  it.each(BY_MODE)("treats %j by what the listener was told", (target, none, base) => {
    expect(guardRefuses(target, "GET", "NONE")).toBe(none);
    expect(guardRefuses(target, "GET", "BASE")).toBe(base);
  });

  const METHODS: readonly (readonly [target: string, method: string, refused: boolean])[] = [
    ["*", "OPTIONS", false],
    ["*", "options", true],
    ["*x", "OPTIONS", true],
    ["", "CONNECT", false],
    ["", "OPTIONS", true],
    ["/a/..", "OPTIONS", true],
    ["/a", "CONNECT", false],
  ];
  it.each(METHODS)("target %j of %s", (target, method, refused) => {
    expect(guardRefuses(target, method, "BASE")).toBe(refused);
  });

  it("is the server's rule for any target", () => {
    const pieces = fc.constantFrom(
      "/",
      "/",
      ".",
      "..",
      "a",
      "B",
      "%2e",
      "%2E",
      "%2f",
      "%5C",
      "%00",
      "%41",
      "%3b",
      "%",
      ";",
      "\\",
      "?",
      "*",
      '"',
      "[",
      "{",
      "~",
      " ",
      "%25",
      "%2",
      "\t",
      "\x7f",
      "|",
    );
    const target = fc.array(pieces, { maxLength: 10 }).map((parts) => parts.join(""));
    const method = fc.constantFrom("GET", "OPTIONS", "CONNECT");
    fc.assert(
      fc.property(
        fc.oneof(
          target,
          target.map((rest) => `/${rest}`),
        ),
        method,
        fc.constantFrom(...MODES),
        (path, verb, mode) => {
          const byServer = serverRefuses(path, verb, mode);
          // Escapes that are not UTF-8 are left to the server: the guard may refuse less, never more.
          const leftToServer = /%[89a-f]/i.test(path);
          expect([guardRefuses(path, verb, mode), byServer]).toEqual([
            byServer && (!leftToServer || guardRefuses(path, verb, mode)),
            byServer,
          ]);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
