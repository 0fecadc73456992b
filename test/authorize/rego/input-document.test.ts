import { describe, expect, test } from "vitest";
import { gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import { inputDocument } from "../../../ext-authz/authorize/rego/input-document.ts";
import type { JsonObject, RequestModel } from "../../../ext-authz/model.ts";
import { ip, request, tcp } from "../fixtures.ts";

function document(changes: Partial<RequestModel>, payload?: JsonObject) {
  const made = inputDocument(gatherFacts(request(changes), payload));
  return made.ok ? JSON.parse(made.value) : made.error;
}

describe("the input document of opa-envoy-plugin", () => {
  test("a whole request", () => {
    const changes: Partial<RequestModel> = {
      method: "POST",
      path: "/people/a%20b",
      query: "form=short&form=long&x",
      requestId: "r-1",
      headers: new Map([["x-role", ["user", "admin"]]]),
      source: { address: ip("10.0.0.1"), port: 40000 },
      sourcePrincipal: "td/ns/shop/sa/web",
      sni: "people.example",
      workload: { namespace: "shop", name: "people-1", labels: new Map([["app", "people"]]) },
      metadata: new Map([["my.filter", { tier: "gold" }]]),
    };
    expect(document(changes, { sub: "alice" })).toEqual({
      attributes: {
        source: {
          address: { socketAddress: { address: "10.0.0.1", portValue: 40000 } },
          principal: "spiffe://td/ns/shop/sa/web",
        },
        destination: { address: { socketAddress: { address: "10.1.1.1", portValue: 8080 } } },
        request: {
          http: {
            id: "r-1",
            method: "POST",
            headers: {
              "x-role": "user,admin",
              ":authority": "example.com",
              ":method": "POST",
              ":path": "/people/a%20b?form=short&form=long&x",
              ":scheme": "http",
            },
            path: "/people/a%20b?form=short&form=long&x",
            host: "example.com",
            scheme: "http",
          },
        },
        contextExtensions: { namespace: "shop", workload: "people-1", "label.app": "people" },
        metadataContext: {
          filterMetadata: {
            "my.filter": { tier: "gold" },
            "envoy.filters.http.jwt_authn": { verified_jwt: { sub: "alice" } },
          },
        },
        routeMetadataContext: {},
        tlsSession: { sni: "people.example" },
      },
      parsed_path: ["people", "a b"],
      parsed_query: { form: ["short", "long"], x: [""] },
      parsed_body: null,
      truncated_body: false,
      version: { encoding: "protojson", ext_authz: "v3" },
    });
  });

  test.each<readonly [path: string, parsed: readonly string[]]>([
    ["/", [""]],
    ["/a", ["a"]],
    ["/a/", ["a", ""]],
    ["/a//b", ["a", "", "b"]],
    ["/a%2Fb", ["a", "b"]],
    ["/%E2%82%AC", ["€"]],
    ["", [""]],
  ])("parsed_path of %s", (path, parsed) => expect(document({ path }).parsed_path).toEqual(parsed));

  test.each(["//evil.example/a", "/%", "/%zz", "/%ff"])(
    "a path that Go would read otherwise or not at all: %s",
    (path) => {
      expect(document({ path })).toBe("the path cannot be taken apart");
    },
  );

  test.each<readonly [query: string, parsed: object]>([
    ["", {}],
    ["a", { a: [""] }],
    ["a=1&a=2", { a: ["1", "2"] }],
    ["a=b=c", { a: ["b=c"] }],
    ["a+b=c+d%21", { "a b": ["c d!"] }],
    ["&&=x&", { "": ["x"] }],
    ["a=1;b=2&c=3", { c: ["3"] }],
    ["a=%zz&b=1", { b: ["1"] }],
  ])("parsed_query of %s", (query, parsed) => expect(document({ query }).parsed_query).toEqual(parsed));

  test("names from outside are only names", () => {
    const made = document({ query: "__proto__=1&constructor=2", headers: new Map([["__proto__", ["x"]]]) });
    expect(Object.entries(made.parsed_query)).toEqual([
      ["__proto__", ["1"]],
      ["constructor", ["2"]],
    ]);
    expect(Object.keys(made.attributes.request.http.headers)).toContain("__proto__");
  });

  test("TCP has no http", () => expect(document(tcp).attributes.request).toEqual({}));
});
