/** What AccessPolicies see of headers that come off the wire, which are no map there: the same as of a map. */
import { expect, test } from "vitest";
import { attributesOf } from "../../../ext-authz/authorize/cel/attributes.ts";
import { gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import { inputDocument } from "../../../ext-authz/authorize/rego/input-document.ts";
import { applyChanges } from "../../../ext-authz/request/apply-changes.ts";
import { buildRequest } from "../../../ext-authz/request/build-request.ts";
import { createCheckRequestDecoder } from "../../../ext-authz/transport/decode-check-request.ts";
import { authorizationService } from "../../../ext-authz/transport/protos.ts";
import { request } from "../fixtures.ts";
import { access, decideBy } from "./policies.ts";

const lines = [
  ["x-role", "buyer"],
  ["x-role", "seller"],
  ["accept", "a"],
  ["accept", "b"],
  ["x-gone", "1"],
  ["x-user", "client"],
];
const asMap = new Map([
  ["x-role", ["buyer", "seller"]],
  ["accept", ["a,b"]],
  ["x-user", ["alice"]],
]);
const changes = { remove: ["x-gone"], set: [["x-user", "alice"]], removeQueryParameters: [] } as const;

function offTheWire() {
  const headers = lines.map(([key, line = ""]) => ({ key, raw_value: Buffer.from(line) }));
  const http = { method: "GET", path: "/", host: "a", scheme: "http", header_map: { headers } };
  const bytes = authorizationService["Check"]?.requestSerialize({ attributes: { request: { http } } });
  const incoming = createCheckRequestDecoder()(bytes ?? Buffer.alloc(0));
  if (!incoming.ok) throw new Error(incoming.error);
  const built = buildRequest(incoming.value, {
    ...{ strict: true, pathNormalization: "BASE", pathLength: 100 },
    clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 0 },
    workload: { namespace: "foo", name: "", labels: new Map() },
  });
  if (!built.ok) throw new Error(built.error.text);
  return applyChanges(built.value, changes);
}

test.each([
  [`request.headers["x-role"] == "buyer,seller"`, "allow"],
  [`"seller" in request.header_values["x-role"]`, "allow"],
  [`request.header_values["accept"] == ["a,b"]`, "allow"],
  [`request.headers["x-user"] == "alice"`, "allow"],
  [`"x-gone" in request.headers`, "deny"],
  [`has(request.headers.accept) && !has(request.headers.authorization)`, "allow"],
])("%s: %s", (cel, effect) => {
  for (const headers of [offTheWire().headers, asMap]) {
    expect(decideBy([access("ALLOW", cel)], { request: { headers }, strict: true }).effect).toBe(effect);
  }
});

test("in a Rego document", () => {
  const document = (headers: ReadonlyMap<string, readonly string[]>) =>
    inputDocument(gatherFacts(request({ headers }), undefined));
  expect(document(offTheWire().headers)).toEqual(document(asMap));
});

test("in CEL's attributes, whose maps are maps", () => {
  const attributes = (headers: ReadonlyMap<string, readonly string[]>) =>
    attributesOf(gatherFacts(request({ headers }), undefined));
  expect(attributes(offTheWire().headers)).toEqual(attributes(asMap));
});
