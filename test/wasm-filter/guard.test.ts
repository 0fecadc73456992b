/** The guard at the edge, in the built module: the header firewall, the path rule at work, credentials, its answers. */

import { beforeAll, describe, expect, it } from "vitest";
import type { HeaderInput, Host } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import {
  EDGE,
  filterHost,
  type JsonFields,
  NOW,
  request,
  SECRET,
  type Stand,
  stand,
  TOKEN,
  token,
  values,
  ZONE,
} from "./stands.ts";

let host: Host;
let edge: Stand;
beforeAll(async () => {
  host = await filterHost();
  edge = stand(host, EDGE);
});

describe("header firewall", () => {
  const SPOOFED: readonly HeaderInput[] = [
    ["x-countersign-zone", "edge"],
    ["X-Countersign-Decision-Id", "1"],
    ["x_countersign_zone", "edge"],
    ["x-countersign_foo", "1"],
    ["txn-token", "a.b.c"],
    ["TXN_TOKEN", "a.b.c"],
    ["x-user-id", "root"],
    ["x_user_id", "root"],
    ["X_User-Id", "root"],
    ["signature_input", "countersign=()"],
  ];
  it.each(SPOOFED)("removes %s: %s", (name, value) => {
    const step = edge(request("/", ["x-kept", "1"], [name, value], [name, "second"], [name, ""]));
    expect(step.action).toBe("continue");
    expect(step.headers.map(([line]) => line)).toEqual([":method", ":scheme", ":authority", ":path", "x-kept"]);
    expect(step.outcome).toBe("");
  });

  it.each([
    ["signature-input", 'countersign=("@method");tag="countersign"'],
    ["signature", "countersign=:AQID:"],
    ["signature", "not a dictionary"],
  ])("removes %s: %s", (name, value) => {
    expect(values(edge(request("/", [name, value])).headers, name)).toEqual([]);
    expect(values(edge(request("/", [name, "other=1"], [name, value])).headers, name)).toEqual(
      value.startsWith("countersign") ? ["other=1"] : [],
    );
  });

  it("keeps the signatures of others", () => {
    const step = edge(
      request(
        "/",
        ["signature-input", 'sig1=("@method"), countersign=("@path")'],
        ["signature", "countersign=:AA==:, sig1=:AQID:"],
      ),
    );
    expect(values(step.headers, "signature-input")).toEqual(['sig1=("@method")']);
    expect(values(step.headers, "signature")).toEqual(["sig1=:AQID:"]);
  });

  it("does not touch lines that name nobody of ours", () => {
    const lines = request("/", ["signature", "a=1"], ["signature", "b=2"], ["connection", "close"], ["x-user", "1"]);
    expect(edge(lines).headers).toEqual(lines);
  });

  it.each([
    ["close, txn-token,X_USER_ID", "close"],
    ["txn-token", undefined],
    ["Upgrade,signature-input", "Upgrade"],
  ])("takes owned names out of connection: %s", (value, want) => {
    expect(values(edge(request("/", ["connection", value])).headers, "connection")).toEqual(
      want === undefined ? [] : [want],
    );
  });

  it("cleans trailers", () => {
    const plugin = host.startPlugin({ rootId: "countersign.guard", configuration: JSON.stringify(EDGE) });
    const stream = plugin.stream();
    stream.requestHeaders(request());
    const step = stream.requestTrailers([
      ["grpc-status", "0"],
      ["txn_token", "x"],
      ["X-User-Id", "x"],
      ["signature", "a=1"],
    ]);
    expect(step.action).toBe("continue");
    expect(step.headers).toEqual([["grpc-status", "0"]]);
    stream.done();
  });
});

describe("refusals", () => {
  it("answers coarse problem details, counts, and leaves the reason for the log", () => {
    const before = host.metric("countersign.guard.refused.path_ambiguous");
    const step = edge(request("/a/%2e%2e/b"));
    expect(step.action).toBe("stop");
    expect(step.outcome).toBe("path_ambiguous");
    expect(step.localReply?.status).toBe(403);
    expect(step.localReply?.details).toBe("countersign_guard{path_ambiguous}");
    expect(step.localReply?.headers).toEqual([["content-type", "application/problem+json"]]);
    expect(JSON.parse(Buffer.from(step.localReply?.body ?? []).toString())).toEqual({
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      detail: "The request path is ambiguous",
    });
    expect(host.metric("countersign.guard.refused.path_ambiguous")).toBe(before + 1n);
  });

  it("refuses without headers", () => {
    expect(edge([]).localReply?.status).toBe(503);
    expect(edge([]).outcome).toBe("headers_unreadable");
  });

  const TIMED: readonly JsonFields[] = [
    { token: TOKEN },
    ZONE,
    { sign: { lifetimeSeconds: 30, sign: "k1", keys: [{ id: "k1", secret: SECRET }] } },
    { rateLimit: { requestsPerSecond: 1 } },
    { grants: { cluster: "http" } },
  ];
  it.each(TIMED)("refuses without a clock where something asks for the time: %o", async (timed) => {
    const timeless = stand(await filterHost({ now: 0 }), { ...EDGE, ...timed });
    expect(timeless(request("/", ["authorization", "Bearer a.b.c"])).localReply?.status).toBe(503);
  });

  it("needs no clock otherwise", async () => {
    expect(stand(await filterHost({ now: 0 }), EDGE)(request()).action).toBe("continue");
  });

  it("bounds the target and leaves the ambiguous when told so", () => {
    const lenient = stand(host, { ...EDGE, path: { maxLength: 10, refuseAmbiguous: false } });
    expect(lenient(request("/123456789")).action).toBe("continue");
    expect(lenient(request("/1234567890")).outcome).toBe("request_malformed");
    expect(lenient(request("//a/../b")).action).toBe("continue");
    expect(lenient(request("/a%00")).outcome).toBe("path_ambiguous");
  });
});

describe("credentials", () => {
  const bearer = (value: string): HeaderInput => ["authorization", `Bearer ${value}`];
  const good = token({ exp: NOW + 100 });
  const PASSED: readonly (readonly [what: string, headers: HeaderInput[]])[] = [
    ["a sound token", request("/", bearer(good))],
    ["a token behind another scheme", request("/", ["authorization", `Basic abc, Bearer ${good}`])],
    ["two spaces", request("/", ["authorization", `Bearer  ${good}`])],
    ["two lines, the first no bearer", request("/", ["authorization", "Basic abc"], bearer(good))],
    ["exp within the skew", request("/", bearer(token({ exp: NOW - 60 })))],
    ["exp with a fraction", request("/", bearer(token({ exp: NOW - 59.5 })))],
    ["nbf within the skew", request("/", bearer(token({ exp: NOW + 100, nbf: NOW + 60 })))],
    ["exp of a wrong type: the server's to refuse", request("/", bearer(token({ exp: "1" })))],
    ["an open path", request("/healthz")],
    ["an open path with a query", request("/healthz?x")],
    ["an open prefix", request("/public/a/b")],
    ["a query parameter", request("/a?b=c&access_token=x")],
    ["a query parameter in disguise", request("/a?access%5Ftoken=")],
    [
      "a preflight",
      [
        [":method", "OPTIONS"],
        [":path", "/"],
        ["origin", "https://a"],
        ["access-control-request-method", "PUT"],
      ],
    ],
  ];
  const JSON_TOKENS = (text: string) => token(text);
  const REFUSED: readonly (readonly [what: string, headers: HeaderInput[], reason: string])[] = [
    ["nothing", request("/"), "credentials_missing"],
    ["a lower-case scheme", request("/", ["authorization", `bearer ${good}`]), "credentials_missing"],
    ["an open path's neighbour", request("/healthz2"), "credentials_missing"],
    ["an open prefix without its slash", request("/public"), "credentials_missing"],
    ["another parameter", request("/a?xaccess_token=1&access_tokens=2"), "credentials_missing"],
    [
      "a preflight without origin",
      [
        [":method", "OPTIONS"],
        [":path", "/"],
        ["access-control-request-method", "PUT"],
      ],
      "credentials_missing",
    ],
    ["a bad token on an open path", request("/healthz", bearer("x")), "token_malformed"],
    ["two tokens in two lines", request("/", bearer(good), bearer(good)), "token_malformed"],
    ["no token after the scheme", request("/", ["authorization", "Bearer "]), "token_malformed"],
    ["four parts", request("/", bearer(`${good}.x`)), "token_malformed"],
    ["a leading dot", request("/", bearer(`.${good}`)), "token_malformed"],
    ["an empty signature", request("/", bearer(good.slice(0, good.lastIndexOf(".") + 1))), "token_malformed"],
    ["padding", request("/", bearer(`${good}=`)), "token_malformed"],
    ["a payload that is no object", request("/", bearer(token([1]))), "token_malformed"],
    [
      "a payload with a member twice",
      request("/", bearer(JSON_TOKENS('{"exp":1,"exp":9999999999}'))),
      "token_malformed",
    ],
    ["a payload nested too deeply", request("/", bearer(JSON_TOKENS("[".repeat(5000)))), "token_malformed"],
    ["a header that is no JSON", request("/", bearer(token({ exp: NOW }, "{"))), "token_malformed"],
    ["alg none", request("/", bearer(token({ exp: NOW }, { alg: "none" }))), "token_algorithm"],
    ["no alg", request("/", bearer(token({ exp: NOW }, {}))), "token_algorithm"],
    ["an alg of a wrong type", request("/", bearer(token({ exp: NOW }, { alg: 1 }))), "token_algorithm"],
    ["an alg that is not listed", request("/", bearer(token({ exp: NOW }, { alg: "RS256" }))), "token_algorithm"],
    ["no exp", request("/", bearer(token({}))), "token_without_expiry"],
    ["exp 0", request("/", bearer(token({ exp: 0 }))), "token_without_expiry"],
    ["an old token", request("/", bearer(token({ exp: NOW - 61 }))), "token_expired"],
    ["a token of the future", request("/", bearer(token({ exp: NOW + 200, nbf: NOW + 61 }))), "token_not_yet_valid"],
    ["a huge token", request("/", bearer(token({ exp: NOW, x: "x".repeat(13000) }))), "token_too_large"],
  ];
  let guard: Stand;
  beforeAll(() => {
    guard = stand(host, { ...EDGE, token: { ...TOKEN, algorithms: ["ES256", "EdDSA"] } });
  });

  it.each(PASSED)("lets pass %s", (_what, headers) => {
    const step = guard(headers);
    expect(step.outcome).toBe("");
    expect(step.action).toBe("continue");
  });

  it.each(REFUSED)("refuses %s", (_what, headers, reason) => {
    const step = guard(headers);
    expect(step.outcome).toBe(reason);
    expect(step.localReply?.status).toBe(401);
    const challenge = reason === "credentials_missing" ? "Bearer" : 'Bearer error="invalid_token"';
    expect(step.localReply?.headers).toContainEqual(["www-authenticate", challenge]);
    expect(host.metric(`countersign.guard.refused.${reason}`)).toBeGreaterThan(0n);
  });

  it("asks for nothing when tokens are left to the server", () => {
    const open = stand(host, { ...EDGE, token: { check: false } });
    expect(open(request("/", bearer("x"))).action).toBe("continue");
    expect(stand(host, { ...EDGE, token: { requireExpiry: false } })(request("/", bearer(token({})))).action).toBe(
      "continue",
    );
  });
});
