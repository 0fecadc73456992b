/** What a CEL expression may read: every attribute of the vocabulary has its word, and what is not understood bars the grant. */
import { describe, expect, it } from "vitest";
import { compileCel } from "../../ext-authz/authorize/cel/expression.ts";
import { VOCABULARY } from "../../ext-authz/authorize/cel/vocabulary.ts";
import { celReads } from "../../ext-authz/grant/cel-reads.ts";

const cases: readonly (readonly [cel: string, ...reads: readonly string[]])[] = [
  ['request.method == "GET" || request.host == "h"', "key"],
  ['request.path == "/a"', "whole_path"],
  ['request.url_path.startsWith("/a")', "whole_path"],
  ['request.query == ""', "query"],
  ['request.scheme == "https"', "scheme"],
  ['request.id == ""', "request_id"],
  ['request.referer == "x"', "header:referer"],
  ['request.useragent == "x"', "header:user-agent"],
  ['request.headers["x-role"] == "a"', "header:x-role"],
  ['request.headers.cookie == "a"', "header:cookie"],
  ["has(request.headers.cookie)", "header:cookie"],
  ['"x-role" in request.headers', "header:x-role"],
  ['request.header_values["x-role"][0] == "a"', "header:x-role"],
  ['request.headers["x-request-id"] == "a"', "request_id"],
  ['request.headers["x role"] == "a"', "opaque_policy"],
  ["request.headers[request.method] == 'a'", "key", "opaque_policy"],
  ["request.method in request.headers", "key", "opaque_policy"],
  ["request.headers.size() > 3", "opaque_policy"],
  ["request.headers.exists(n, n == 'a')", "opaque_policy"],
  ["request.header_values.all(n, true)", "opaque_policy"],
  ['request.auth.principal == "a"', "credential"],
  ['request.auth.claims.role == "a"', "credential"],
  ["has(request.auth.claims.role)", "credential"],
  ['request.auth.claims["x"].exists(g, g == "a")', "credential"],
  ['source.ip == "1"', "connection"],
  ['source.principal == "1"', "connection"],
  ['inCidr(remote.ip, "10.0.0.0/8")', "connection", "header:x-forwarded-for"],
  ["destination.port == 80", "connection"],
  ['destination.namespace == "a" && destination.labels.app == "b"', "key"],
  ["connection.mtls", "connection"],
  ['metadata.filter_metadata["a"]["b"] == "c"', "metadata"],
  ['[request.method, "x"].exists(m, m == request.headers.y)', "header:y", "key"],
  ['(request.method == "GET" ? request.query : request.scheme) == ""', "key", "query", "scheme"],
  ['{"a": request.query}["a"] == ""', "query"],
  ["true"],
];

describe("reads of an expression", () => {
  it.each(cases)("%s", (cel, ...reads) => {
    expect(compileCel(cel).ok).toBe(true);
    expect([...new Set(celReads(cel))].sort()).toEqual(reads);
  });
});

/** Every leaf of the vocabulary, as an expression would name it. */
function leaves(): readonly string[] {
  const walk = (name: string, shape: unknown): readonly string[] =>
    typeof shape === "object" && shape !== null && "members" in shape && shape.members instanceof Map
      ? [...shape.members].flatMap(([member, inner]) => walk(`${name}.${member}`, inner))
      : [name];
  return [...VOCABULARY].flatMap(([name, shape]) => walk(name, shape));
}

it.each(leaves())("%s has its word", (attribute) => {
  const whole = ["request.headers", "request.header_values"].includes(attribute);
  expect(celReads(`${attribute} == ${attribute}`).includes("opaque_policy")).toBe(whole);
});

it("what does not parse bars the grant", () => {
  expect(celReads("request.")).toEqual(["opaque_policy"]);
});
