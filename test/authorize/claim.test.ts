import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseClaimPath } from "../../ext-authz/authorize/claim.ts";
import type { JsonObject } from "../../ext-authz/model.ts";
import { ruleMatches } from "./fixtures.ts";

const json = (text: string): JsonObject => JSON.parse(text);

describe("keys in brackets", () => {
  test.each([
    ["[a]", ["a"]],
    ["[a][b]", ["a", "b"]],
    ["[a.b/c]", ["a.b/c"]],
    ["[]", [""]],
    ["[[x]]", ["[x]"]],
    ["[a]b]", ["a]b"]],
    ["[a][b", undefined],
    ["[a]b", undefined],
    ["a[b]", undefined],
    ["[", undefined],
    ["", undefined],
  ])("%s", (text, path) => {
    expect(parseClaimPath(text)).toEqual(path);
  });
});

describe("request.auth.claims", () => {
  test.each([
    ["[a]", "v", '{"a":"v"}', true],
    ["[a]", "v", '{"a":["u","v"]}', true],
    ["[a]", "v", '{"a":[["v"]]}', false],
    ["[a]", "v*", '{"a":"vw"}', true],
    ["[a]", "*", '{"a":""}', false],
    ["[a]", "*", '{"a":[""]}', false],
    ["[a]", "*", '{"a":["",1,"x"]}', true],
    ["[a]", "1", '{"a":1}', false],
    ["[a]", "true", '{"a":true}', false],
    ["[a]", "*", '{"a":{"b":"c"}}', false],
    ["[a]", "*", '{"a":null}', false],
    ["[A]", "v", '{"a":"v"}', false],
    ["[a][b]", "v", '{"a":{"b":["v"]}}', true],
    ["[a][b]", "v", '{"a":[{"b":"v"}]}', false],
    ["[a][0]", "v", '{"a":["v"]}', false],
    ["[a][length]", "*", '{"a":"v"}', false],
    ["[a.b]", "v", '{"a.b":"v"}', true],
    ["[a.b]", "v", '{"a":{"b":"v"}}', false],
    ["[[x]]", "v", '{"[x]":"v"}', true],
    ["[scope]", "read write", '{"scope":["read","write"]}', false],
    ["[__proto__]", "v", '{"__proto__":"v"}', true],
    ["[__proto__][constructor]", "*", '{"a":1}', false],
    ["[constructor][name]", "Object", '{"a":1}', false],
    ["[toString]", "*", "{}", false],
  ])("%s = %s on %s: %s", (key, value, payload, matched) => {
    expect(ruleMatches({ when: [{ key: `request.auth.claims${key}`, values: [value] }] }, {}, json(payload))).toBe(
      matched,
    );
  });

  test.each([
    ["request.auth.audiences", "a", '{"aud":"a"}', true],
    ["request.auth.audiences", "b", '{"aud":["a","b"]}', true],
    ["request.auth.presenter", "p*", '{"azp":"pq"}', true],
    ["request.auth.presenter", "p", '{"aud":"p"}', false],
  ])("%s = %s on %s: %s", (key, value, payload, matched) => {
    expect(ruleMatches({ when: [{ key, values: [value] }] }, {}, json(payload))).toBe(matched);
  });

  test("without a token no value matches and every notValue does", () => {
    expect(ruleMatches({ when: [{ key: "request.auth.claims[a]", values: ["*"] }] })).toBe(false);
    expect(ruleMatches({ when: [{ key: "request.auth.claims[a]", notValues: ["*"] }] })).toBe(true);
  });

  test("only own members count", () => {
    const inherited: JsonObject = Object.create({ a: "v", b: { c: "v" } });
    expect(ruleMatches({ when: [{ key: "request.auth.claims[a]", values: ["v"] }] }, {}, inherited)).toBe(false);
    expect(ruleMatches({ from: [{ requestPrincipals: ["v"] }] }, {}, Object.create({ iss: "v", sub: "" }))).toBe(false);
  });

  test("a hostile payload is matched or not, never thrown at", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("a", "b", "__proto__", "constructor"), fc.jsonValue()), (value) => {
        const payload = json(JSON.stringify(value));
        for (const key of ["[a]", "[__proto__][a]", "[constructor][b]"]) {
          ruleMatches({ when: [{ key: `request.auth.claims${key}`, values: ["x*", "*"] }] }, {}, payload);
        }
      }),
    );
  });
});

describe("requestPrincipals", () => {
  test.each([
    ["*", "i", "s", true],
    ["*", "i", "", false],
    ["*", "", "s", false],
    ["*/s", "i", "s", true],
    ["*/s", "", "s", false],
    ["*/s", "i", "xs", false],
    ["*.com/s", "https://a.com", "s", true],
    ["*.com/s", "https://a.org", "s", false],
    ["*s", "i", "as", true],
    ["*s", "", "as", false],
    ["i/*", "i", "x", true],
    ["i/*", "i", "", false],
    ["i/*", "ii", "x", false],
    ["i/s*", "i", "st", true],
    ["i/s*", "i", "ts", false],
    ["i*", "issuer", "x", true],
    ["i*", "issuer", "", false],
    ["https://a.com/s", "https://a.com", "s", true],
    ["https://a.com/s", "https://a.com/s", "", false],
    ["https://accounts*", "https://accounts.google.com", "x", false],
    ["x", "x", "", true],
    ["x", "x", "y", false],
    ["a/b/c", "a", "b/c", false],
    ["a/b/c", "a/b", "c", true],
    ["repo/org:x", "repo", "org:x", true],
    ["i/*", "i", "*", true],
    ["i/s", "i", "*", false],
  ])("%s on iss %j, sub %j: %s", (pattern, iss, sub, matched) => {
    expect(ruleMatches({ from: [{ requestPrincipals: [pattern] }] }, {}, { iss, sub })).toBe(matched);
    expect(ruleMatches({ when: [{ key: "request.auth.principal", values: [pattern] }] }, {}, { iss, sub })).toBe(
      matched,
    );
    expect(ruleMatches({ from: [{ notRequestPrincipals: [pattern] }] }, {}, { iss, sub })).toBe(!matched);
  });

  test.each([[{ iss: "i" }], [{ sub: "s" }], [{ iss: "i", sub: ["s"] }], [{ iss: 1, sub: "s" }], [{}]])(
    "%o has none",
    (payload) => {
      expect(ruleMatches({ from: [{ requestPrincipals: ["*", "i", "i/*", "*s", "i/s"] }] }, {}, payload)).toBe(false);
      expect(ruleMatches({ from: [{ notRequestPrincipals: ["*"] }] }, {}, payload)).toBe(true);
    },
  );
});
