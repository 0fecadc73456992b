/**
 * Path classes: any two paths of one class get the same answer from every matcher, and what a class costs does not grow with
 * the matchers. The members are found by the contract's own words (`guard-model.ts`), not by the code that made the class.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPathTemplate, pathProblem, templateTest } from "../../ext-authz/authorize/path-template.ts";
import { anyPattern } from "../../ext-authz/authorize/string-pattern.ts";
import { pathClass, pathMatchers } from "../../ext-authz/grant/path-class.ts";
import { eligiblePath } from "../../ext-authz/grant/target.ts";
import { isMember } from "./guard-model.ts";

const segment = fc.constantFrom("a", "b", "ab", "aa", "orders", "order", "x.y", "1", "12", "%2f", "é", "a;b", "~");
const path = fc
  .array(fc.constantFrom("a", "b", "ab", "aa", "orders", "order", "x.y", "1", "12", "~"), { maxLength: 5 })
  .chain((parts) => fc.constantFrom("", "/").map((end) => `/${parts.join("/")}${parts.length > 0 ? end : ""}`));
const literal = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const cut = fc.tuple(literal, fc.nat(12)).map(([text, length]) => text.slice(0, length));
const template = fc
  .array(fc.oneof(segment, fc.constantFrom("{*}", "{*}", "{**}")), { minLength: 1, maxLength: 5 })
  .map((parts) => `/${parts.join("/")}`)
  .filter((text) => isPathTemplate(text) && pathProblem(text) === undefined);
const pattern = fc.oneof(
  literal,
  cut,
  cut.map((text) => `${text}*`),
  literal.map((text) => `${text}/*`),
  cut.map((text) => `*${text}`),
  fc.constantFrom("*", "**", "*/", "/*", "*orders", "*a*"),
  template,
);

function answers(patterns: readonly string[], of: string): string {
  return patterns
    .map((one) => Number((isPathTemplate(one) ? templateTest(one) : anyPattern([one], "non-empty"))(of)))
    .join("");
}

describe("members of a class", () => {
  it("get the same answer from every matcher", () => {
    let shared = 0;
    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 12 }),
        path,
        fc.array(path, { minLength: 20, maxLength: 40 }),
        (patterns, one, others) => {
          if (eligiblePath(one) === undefined) return;
          const terms = pathClass(pathMatchers(patterns), one);
          expect(isMember(terms, one)).toBe(true);
          for (const other of near(one, others)) {
            if (eligiblePath(other) === undefined || !isMember(terms, other)) continue;
            if (other !== one) shared++;
            expect([other, answers(patterns, other)]).toEqual([other, answers(patterns, one)]);
          }
        },
      ),
      { numRuns: Number(process.env["GRANT_CLASS_RUNS"] ?? 1500) },
    );
    expect(shared).toBeGreaterThan(1000);
  });

  /** The path's own neighbours, beside paths of everybody. */
  function near(one: string, others: readonly string[]): readonly string[] {
    return others.flatMap((other, index) => {
      const at = index % (one.length + 1);
      return [other, one.slice(0, at) + other.slice(1), other + one, one + other, one.slice(0, at)];
    });
  }
});

describe("classes in words", () => {
  const cases: readonly (readonly [
    name: string,
    patterns: readonly string[],
    path: string,
    terms: readonly string[],
  ])[] = [
    ["no matcher at all", [], "/orders/1", ["^/"]],
    ["a prefix", ["/orders/*"], "/orders/1", ["^/orders/"]],
    ["outside a prefix", ["/orders/*"], "/users", ["^/", "!/orders/"]],
    ["an exact path", ["/orders"], "/orders", ["=/orders"]],
    ["what goes on behind an exact path", ["/orders"], "/orders/1", ["^/orders/"]],
    ["a suffix", ["*.html"], "/a/b.html", ["^/", ">.html"]],
    ["no suffix", ["*.html"], "/a/b", ["^/", "<.html"]],
    ["presence", ["*"], "/a", ["^/"]],
    ["the rest of the world in one term", ["/api/1", "/api/2", "/api/3"], "/x", ["^/", "!/api/"]],
    ["a template that begins otherwise", ["/users/{*}/orders"], "/x", ["^/", "!/users/"]],
    ["a template that ends otherwise", ["/users/{*}/orders"], "/users/1/x", ["^/users/", "</orders"]],
    ["a template for one segment", ["/users/{*}"], "/users/1", ["=/users/1"]],
    ["a template for all segments", ["/users/{**}"], "/users/1/2", ["^/users/"]],
    ["a template for all segments and an end", ["/u/{**}/x"], "/u/1/2/x", ["^/u/1/", ">/x"]],
    ["a pattern that no eligible path can fit", ["/a b*", "/%2f*", "/a;b"], "/x", ["^/"]],
  ];
  it.each(cases)("%s", (_, patterns, of, terms) => {
    expect(pathClass(pathMatchers(patterns), of)).toEqual(terms);
  });

  it("a template for all segments and an end keeps room for both", () => {
    expect(isMember(pathClass(pathMatchers(["/u/{**}/x"]), "/u/1/x"), "/u/x")).toBe(false);
  });
});

describe("10,000 patterns", () => {
  const patterns = Array.from({ length: 10_000 }, (_, at) =>
    at % 3 === 0 ? `/svc/${at}/*` : at % 3 === 1 ? `/svc/${at}` : `/t/${at}/{*}/x`,
  );
  const matchers = pathMatchers(patterns);

  it("say few lengths, terms and bytes", () => {
    for (let at = 0; at < 20_000; at += 7) {
      const terms = pathClass(matchers, `/svc/${at}/items/${at}`);
      expect(terms.length).toBeLessThanOrEqual(16);
      expect(terms.join("\t").length).toBeLessThanOrEqual(4096);
    }
    expect(matchers.lengths.length).toBeLessThanOrEqual(12);
  });

  it("share a class between members of one service, and tell two services apart", () => {
    expect(pathClass(matchers, "/svc/333/a")).toEqual(pathClass(matchers, "/svc/333/b"));
    expect(pathClass(matchers, "/svc/333/a")).not.toEqual(pathClass(matchers, "/svc/336/a"));
  });

  it("cost looks that grow with the path, not with their number", () => {
    expect(looksFor(patterns.slice(0, 100))).toBeGreaterThan(0);
    expect(looksFor(patterns)).toBeLessThan(4 * looksFor(patterns.slice(0, 100)));
  });

  /** How often a known text is looked at for one path. */
  function looksFor(some: readonly string[]): number {
    const known = pathMatchers(some);
    let looks = 0;
    const texts = new Proxy(known.starts.texts, {
      get(target, name, receiver) {
        looks++;
        return Reflect.get(target, name, receiver);
      },
    });
    pathClass({ ...known, starts: { ...known.starts, texts } }, "/svc/33/a/b/c");
    return looks;
  }
});
