import { describe, expect, test } from "vitest";
import { buildRequest, type RequestSettings } from "../../ext-authz/request/build-request.ts";
import { clientAddress } from "../../ext-authz/request/client-address.ts";
import type { Incoming } from "../../ext-authz/request/incoming.ts";
import { parseIp } from "../../ext-authz/request/ip-address.ts";

const settings: RequestSettings = {
  strict: true,
  pathNormalization: "BASE",
  pathLength: 100,
  clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 0 },
  workload: { namespace: "shop", name: "orders", labels: new Map([["app", "orders"]]) },
};

function incoming(http: Partial<NonNullable<Incoming["http"]>>, over: Partial<Incoming> = {}): Incoming {
  return {
    source: { address: "10.0.0.9", port: 4711, principal: "", certificate: "" },
    destination: { address: "10.1.1.1", port: 8080, principal: "", certificate: "" },
    http: { id: "r1", method: "GET", target: "/", host: "shop", scheme: "https", headers: new Map(), ...http },
    sni: "",
    contextExtensions: new Map(),
    metadata: new Map(),
    ...over,
  };
}

describe("refused before any token is looked at", () => {
  test.each([
    ["/a%2fb", "path_ambiguous"],
    ["/a/../b", "path_ambiguous"],
    ["/a//b", "path_ambiguous"],
    ["/%00", "path_ambiguous"],
    ["/a#b", "path_ambiguous"],
    [`/${"a".repeat(100)}`, "request_malformed"],
  ])("%s", (target, code) => {
    const built = buildRequest(incoming({ target }), settings);
    expect(built.ok ? "built" : built.error.code).toBe(code);
  });

  test("with strict off only what Envoy itself refuses", () => {
    const lenient = { ...settings, strict: false };
    expect(buildRequest(incoming({ target: "/a%2fb" }), lenient).ok).toBe(true);
    expect(buildRequest(incoming({ target: "/a/../b" }), lenient)).toMatchObject({ ok: true, value: { path: "/b" } });
    expect(buildRequest(incoming({ target: "/%00" }), lenient).ok).toBe(false);
  });

  test("an identity with a control byte", () => {
    const source = { address: "10.0.0.9", port: 1, principal: "spiffe://a/ns/b/sa/c\u0000", certificate: "" };
    const built = buildRequest(incoming({}, { source }), settings);
    expect(built.ok ? "built" : built.error.code).toBe("identity_malformed");
  });
});

describe("what the stages read", () => {
  test.each([
    ["spiffe://cluster.local/ns/a/sa/b", "cluster.local/ns/a/sa/b"],
    ["cluster.local/ns/a/sa/b", undefined],
    ["CN=spiffe", undefined],
    ["", undefined],
  ])("principal %j → %j", (principal, identity) => {
    const built = buildRequest(
      incoming({}, { source: { address: "", port: 0, principal, certificate: "" } }),
      settings,
    );
    expect(built.ok && built.value.sourcePrincipal).toBe(identity);
  });

  test("a certificate that does not decode is none", () => {
    const source = { address: "", port: 0, principal: "", certificate: "%E0%A4%A" };
    const built = buildRequest(incoming({}, { source }), settings);
    expect(built.ok && built.value.peerCertificate).toBe(undefined);
  });

  test("lines that Envoy joins before any filter are one value, the others stay apart", () => {
    const headers = new Map([
      ["user-agent", ["a", "b"]],
      ["x-role", ["a", "b"]],
    ]);
    const built = buildRequest(incoming({ headers }), settings);
    expect(built.ok && new Map(built.value.headers)).toEqual(
      new Map([
        ["user-agent", ["a,b"]],
        ["x-role", ["a", "b"]],
      ]),
    );
  });

  test("TCP has no method, path or host", () => {
    const built = buildRequest(incoming({}, { http: undefined, sni: "Shop.Example" }), settings);
    expect(built).toMatchObject({
      ok: true,
      value: { protocol: "tcp", method: "", path: "", host: undefined, sni: "shop.example" },
    });
  });

  test("a request that names its workload names all of it", () => {
    const named = buildRequest(
      incoming(
        {},
        {
          contextExtensions: new Map([
            ["namespace", "a"],
            ["label.x", "y"],
          ]),
        },
      ),
      settings,
    );
    expect(named).toMatchObject({
      ok: true,
      value: { workload: { namespace: "a", name: "", labels: new Map([["x", "y"]]) } },
    });
    const unnamed = buildRequest(incoming({}, { contextExtensions: new Map([["other", "a"]]) }), settings);
    expect(unnamed).toMatchObject({ ok: true, value: { workload: settings.workload } });
  });
});

describe("the client behind trusted proxies", () => {
  const peer = parseIp("10.0.0.9");
  test.each([
    // use_remote_address, hops, lines, client
    [true, 0, ["6.6.6.6, 10.0.0.9"], "10.0.0.9"],
    [true, 0, [], "10.0.0.9"],
    [true, 0, ["172.16.0.1"], "172.16.0.1"],
    [true, 1, ["6.6.6.6, 1.2.3.4, 10.0.0.9"], "1.2.3.4"],
    [true, 1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"],
    [true, 2, ["6.6.6.6", "1.2.3.4, 10.0.0.9"], "6.6.6.6"],
    [true, 9, ["6.6.6.6, 10.0.0.9"], "10.0.0.9"],
    [false, 0, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"],
    [false, 1, ["6.6.6.6, 1.2.3.4"], "6.6.6.6"],
    [true, 0, ["6.6.6.6, garbage"], "10.0.0.9"],
    [true, 0, ["6.6.6.6,"], "10.0.0.9"],
    [true, 0, ["[2001:db8::1]:443"], "2001:db8::1"],
    [true, 0, ["1.2.3.4:8080"], "1.2.3.4"],
    [true, 0, ["010.0.0.1"], "10.0.0.9"],
  ] as const)("useRemoteAddress %s, %s hops, %j → %s", (useRemoteAddress, xffNumTrustedHops, lines, client) => {
    expect(clientAddress(lines, peer, { useRemoteAddress, xffNumTrustedHops })?.text).toBe(client);
  });
});
