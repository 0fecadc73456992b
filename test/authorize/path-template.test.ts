import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPathTemplate, pathProblem, templateTest } from "../../ext-authz/authorize/path-template.ts";

describe("templates", () => {
  test.each([
    ["/foo/{*}", "/foo/bar", true],
    ["/foo/{*}", "/foo/", false],
    ["/foo/{*}", "/foo/bar/", false],
    ["/foo/{*}", "/foo/bar/baz", false],
    ["/foo/{*}", "/foo", false],
    ["/foo/{*}/", "/foo/x/", true],
    ["/foo/{*}", "/foo/a*b", true],
    ["/foo/{*}", "/foo/a%20b", true],
    ["/foo/{*}", "/foo/a[b", false],
    ["/foo/{*}", "/foo/a]b", false],
    ["/foo/{*}", '/foo/a"b', false],
    ["/foo/{*}", "/foo/é", false],
    ["/foo/{*}", "/foo/a\n", false],
    ["/foo/{*}", "/foo/a?b", false],
    ["/foo/{*}/bar", "/foo//bar", false],
    ["/{*}", "*", false],
    ["/{*}", "", false],
    ["/{**}", "/", true],
    ["/{**}", "//", true],
    ["/{**}", "/a/b/c", true],
    ["/{**}", "/a/[", false],
    ["/allow/admin/{**}", "/allow/admin/", true],
    ["/allow/admin/{**}", "/allow/admin", false],
    ["/store/{**}/cart", "/store//cart", true],
    ["/store/{**}/cart", "/store/cart", false],
    ["/store/{**}/cart", "/store/a/b/cart", true],
    ["/store/{**}/cart", "/store/a/cart/b", false],
    ["/store/{**}/cart", "/store/cart/cart", true],
    ["/foo/{**}/", "/foo/bar/baz.txt", false],
    ["/foo/{**}/", "/foo//", true],
    ["/a/{*}/b/{**}/c", "/a/x/b//c", true],
    ["/a/{*}/b/{**}/c", "/a/x/y/b//c", false],
    ["/Foo/{*}", "/foo/x", false],
  ])("%s on %j: %s", (template, path, matched) => {
    expect(pathProblem(template)).toBeUndefined();
    expect(templateTest(template)(path)).toBe(matched);
  });

  test("bait for backtracking is answered", () => {
    const manyOperators = `/${Array.from({ length: 200 }, () => "{*}").join("/")}/{**}/end`;
    const path = `/${"a/".repeat(200_000)}x`;
    expect(templateTest(manyOperators)(path)).toBe(false);
    expect(templateTest("/{**}/a/a/a/a/a/a/b")(path)).toBe(false);
  });

  test("every admitted template matches as its expression would", () => {
    const segment = fc.constantFrom("{*}", "a", "b");
    const template = fc
      .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean(), fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }))
      .map(([head, any, tail]) => `/${[...head, ...(any ? ["{**}"] : ["{*}"]), ...tail].join("/")}`);
    const path = fc
      .array(fc.constantFrom("/", "a", "b", "[", "ab"), { maxLength: 8 })
      .map((parts) => `/${parts.join("")}`);
    fc.assert(
      fc.property(template, path, (pattern, text) => {
        const source = pattern.replaceAll("{**}", "[ab/]*").replaceAll("{*}", "[ab]+");
        return templateTest(pattern)(text) === new RegExp(`^${source}$`).test(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what may stand in `paths`", () => {
  test.each([
    "/a",
    "/a*",
    "*",
    "*/x",
    "/a/*/b",
    "/a?b",
    "/{*}",
    "/{**}",
    "/{*}/x/",
    "/a/{*}/b/{**}/c",
    "a/b",
    "",
    "//",
  ])("%j", (path) => {
    expect(pathProblem(path)).toBeUndefined();
  });

  test.each([
    ...[
      "{*}",
      "foo/{*}",
      "{**}",
      "/{*}*",
      "/x{*}",
      "/{**}/{*}",
      "/{**}/{**}",
      "/{*}/a*",
      "/{*}/a b",
      "/{*}/é",
      "/{a}",
      "/a}",
    ],
    ...["/{*}//a", "//{*}", "/{*}//", "/{***}", "/{*}/{", "/a/{}", "/{*}/[", "/{*}/?a", "/{*}{*}"],
  ])("not %s", (path) => {
    expect(pathProblem(path)).toBeDefined();
  });

  test("a template is what holds an operator", () => {
    expect(["/{*}", "/a{**}", "/{a}", "/*", "/{ *}"].map(isPathTemplate)).toEqual([true, true, false, false, false]);
  });
});
