/** The guard's cheap checks: nothing is refused until a check is switched on, and then each says so by its own reason. */

import { describe, expect, it } from "vitest";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { EDGE, filterHost, type JsonFields, NOW, request, stand, token, values } from "./stands.ts";

const host = await filterHost();
const guard = (more: JsonFields) => stand(host, { ...EDGE, ...more });
const post = (...more: HeaderInput[]): HeaderInput[] => [
  [":method", "POST"],
  ...request("/", ...more).filter(([name]) => name !== ":method"),
];
const many = Array.from({ length: 200 }, (_, i): HeaderInput => [`x-${i}`, "v".repeat(40)]);
const bearer = (claims: JsonFields): HeaderInput => ["authorization", `Bearer ${token({ exp: NOW + 60, ...claims })}`];

describe("by default", () => {
  it.each([
    ["any method", [[":method", "BREW"], ...request().slice(1)]],
    ["any type", post(["content-type", "x/y"], ["content-type", "z"])],
    ["many headers", request("/", ...many)],
    ["any announced length", post(["content-length", "999999999999"])],
    ["any issuer and audience", request("/", bearer({ iss: "x", aud: ["y"] }))],
  ] as [string, HeaderInput[]][])("%s passes", (_what, headers) => {
    expect(guard({ token: { check: true } })(headers).outcome).toBe("");
  });
});

describe("switched on", () => {
  const types = { contentTypes: ["application/json", "text/*"] };
  const CASES: readonly (readonly [rules: JsonFields, headers: HeaderInput[], outcome: string, status?: number])[] = [
    [{ methods: ["GET", "POST"] }, request(), ""],
    [{ methods: ["POST"] }, request(), "method_not_allowed", 405],
    [{ methods: ["get"] }, request(), "method_not_allowed", 405],
    [types, request(), ""],
    [types, post(["content-type", "application/json"]), ""],
    [types, post(["content-type", " Application/JSON ; charset=utf-8"]), ""],
    [types, post(["content-type", "text/plain"]), ""],
    [types, post(["content-type", "text/"]), "content_type_unsupported", 415],
    [types, post(["content-type", "text"]), "content_type_unsupported", 415],
    [types, post(["content-type", ""]), "content_type_unsupported", 415],
    [types, post(["content-type", "application/json2"]), "content_type_unsupported", 415],
    [types, post(["content-type", "application/json, text/html"]), "content_type_unsupported", 415],
    [types, post(["content-type", "text/a"], ["content-type", "text/b"]), "content_type_unsupported", 415],
    [{ maxHeaders: 4 }, request(), ""],
    [{ maxHeaders: 3 }, request(), "headers_too_large", 431],
    [{ maxHeaderBytes: 8000 }, request("/", ...many), "headers_too_large", 431],
    [{ maxHeaderBytes: 20000 }, request("/", ...many), ""],
    [{ maxBodyBytes: 10 }, post(["content-length", "10"]), ""],
    [{ maxBodyBytes: 10 }, post(["content-length", "11"]), "body_too_large", 413],
    [{ maxBodyBytes: 10 }, post(["content-length", "1e1"]), "body_too_large", 413],
    [{ maxBodyBytes: 10 }, post(["content-length", "9".repeat(40)]), "body_too_large", 413],
  ];
  it.each(CASES.map(([rules, headers, outcome, status]) => ({ rules, headers, outcome, status })))(
    "$rules (%#)",
    (row) => {
      const { rules, headers, outcome, status } = row;
      const step = guard({ request: rules })(headers);
      expect([step.outcome, step.localReply?.status]).toEqual([outcome, status]);
    },
  );

  it("counts each refusal under its reason", async () => {
    const fresh = await filterHost();
    const strict = stand(fresh, { ...EDGE, request: { methods: ["GET"] } });
    strict(post());
    strict(post());
    strict(request());
    expect(fresh.metric("countersign.guard.refused.method_not_allowed")).toBe(2n);
  });

  it("names what is allowed (RFC 9110 §15.5.6)", () => {
    const step = guard({ request: { methods: ["GET", "HEAD"] } })(post());
    expect(values(step.localReply?.headers ?? [], "allow")).toEqual(["GET, HEAD"]);
  });

  it("wants a type for what has a body", () => {
    const plugin = host.startPlugin({
      rootId: "countersign.guard",
      configuration: JSON.stringify({ ...EDGE, request: types }),
    });
    expect(plugin.stream().requestHeaders(post(), { endOfStream: false }).localReply?.status).toBe(415);
  });

  it("counts the body itself, announced or not", () => {
    const plugin = host.startPlugin({
      rootId: "countersign.guard",
      configuration: JSON.stringify({ ...EDGE, request: { maxBodyBytes: 10 } }),
    });
    const stream = plugin.stream();
    expect(stream.requestHeaders(post(), { endOfStream: false }).action).toBe("continue");
    expect(stream.requestBody("12345", { endOfStream: false }).localReply).toBeUndefined();
    expect(stream.requestBody("67890", { endOfStream: false }).localReply).toBeUndefined();
    expect(stream.requestBody("1", { endOfStream: true }).localReply?.status).toBe(413);
  });
});

describe("issuer and audience", () => {
  const strict = guard({ token: { issuers: ["https://a", "https://b"], audiences: ["shop", "cart"] } });
  const CASES: readonly (readonly [claims: JsonFields, outcome: string, status?: number])[] = [
    [{ iss: "https://a", aud: "shop" }, ""],
    [{ iss: "https://b", aud: ["x", "cart"] }, ""],
    [{ iss: "https://c", aud: "shop" }, "token_issuer", 401],
    [{ iss: "", aud: "shop" }, "token_issuer", 401],
    [{ iss: "https://a", aud: "x" }, "token_audience", 403],
    [{ iss: "https://a", aud: ["x", "y"] }, "token_audience", 403],
    [{ iss: "https://a", aud: [] }, "token_audience", 403],
    // In doubt: the server's to judge.
    [{}, ""],
    [{ iss: 1, aud: { a: 1 } }, ""],
    [{ iss: ["https://c"], aud: ["x", 1] }, ""],
  ];
  it.each(CASES.map(([claims, outcome, status]) => ({ claims, outcome, status })))("$claims: $outcome", (row) => {
    const { claims, outcome, status } = row;
    const step = strict(request("/", bearer(claims)));
    expect([step.outcome, step.localReply?.status]).toEqual([outcome, status]);
  });
});
