/** The guard as the stamp too: what it signs is what leaves, after its own strips, and the next zone's guard verifies it. */
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { HeaderInput, Host } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import {
  type Clock,
  EDGE,
  filterHost,
  type Json,
  type JsonFields,
  NOW,
  replaced,
  request,
  SECRET,
  STAMP,
  stand,
  values,
  ZONE,
} from "./stands.ts";

const KEYS = [{ id: "k1", secret: SECRET }];
const SIGN = { lifetimeSeconds: 30, token: "txn-token", sign: "k1", keys: KEYS };
const signing = (more: JsonFields = {}, guard: JsonFields = EDGE): JsonFields => ({
  ...guard,
  sign: { ...SIGN, ...more },
});
const CLIENT = { ...EDGE, ownedHeaders: ["x-user-id"] };

let clock: Clock;
let host: Host;
beforeEach(async () => {
  clock = { now: NOW };
  host = await filterHost(clock);
});
const input = (headers: readonly HeaderInput[]) =>
  values(
    headers.map(([n, v]) => [String(n), String(v)]),
    "signature-input",
  );

describe("a guard that signs", () => {
  it.each([
    ["without a token", []],
    ["with a token that a client may bring", [["txn-token", "a.b.c"]]],
    ["with blanks around it", [["txn-token", " a.b.c\t"]]],
  ] as const)("makes what the next guard believes, %s", (_what, more) => {
    const step = stand(
      host,
      signing({}, CLIENT),
    )(request("/orders?id=1", ...more.map((line): HeaderInput => [...line])));
    expect(step.outcome).toBe("");
    expect(input(step.headers)[0]?.includes('"txn-token"')).toBe(more.length > 0);
    const next = stand(host, ZONE)(step.headers);
    expect(next.outcome).toBe("");
    expect(stand(host, ZONE)(replaced(step.headers, ":path", "/admin")).outcome).toBe("stamp_invalid");
  });

  it("signs what is left after its strips", () => {
    const forged = stand(host, STAMP)(request("/", ["txn-token", "x.y.z"])).headers;
    const step = stand(host, signing())([...forged, ["x-user-id", "root"], ["x_countersign_zone", "edge"]]);
    expect(step.outcome).toBe("");
    expect(values(step.headers, "txn-token")).toEqual([]);
    expect(input(step.headers)).toHaveLength(1);
    expect(input(step.headers)[0]).not.toContain("txn-token");
    expect(step.headers.map(([name]) => name)).not.toContain("x_countersign_zone");
    expect(stand(host, ZONE)(step.headers).outcome).toBe("");
  });

  it("leaves the members of others before its own", () => {
    const step = stand(host, signing())(request("/", ["signature-input", 'x=("@path")'], ["signature", "x=:AA==:"]));
    expect(input(step.headers)[0]).toMatch(/^x=\("@path"\), countersign=\(/);
    expect(values(step.headers, "signature")[0]).toMatch(/^x=:AA==:, countersign=:[A-Za-z0-9+/]{43}=:$/);
  });

  it("does not sign what it refuses", () => {
    const step = stand(host, signing())(request("/a/%2e%2e/b"));
    expect(step.outcome).toBe("path_ambiguous");
    expect(input(step.headers)).toEqual([]);
  });

  const UNSIGNED: readonly (readonly [what: string, sign: JsonFields, lines: readonly HeaderInput[]])[] = [
    [
      "two tokens",
      {},
      [
        ["txn-token", "a"],
        ["txn-token", "b"],
      ],
    ],
    ["a key that no longer serves", { keys: [{ id: "k1", secret: SECRET, notAfter: NOW - 1 }] }, []],
  ];
  it.each(UNSIGNED)("lets nothing pass with %s", (_what, sign, lines) => {
    const step = stand(host, signing(sign, CLIENT))(request("/", ...lines));
    expect(step.action).toBe("stop");
    expect(step.localReply?.status).toBe(503);
    expect(step.outcome).toBe("internal_error");
  });

  it("makes way for a stamp stand behind it", () => {
    const signed = stand(host, signing())(request()).headers;
    const step = stand(host, { ...STAMP, zone: "edge" })(replaced(signed, ":path", "/rewritten"));
    expect(input(step.headers)[0]?.match(/countersign=/g)).toHaveLength(1);
    expect(stand(host, ZONE)(step.headers).outcome).toBe("");
  });
});

describe("a guard that verifies and signs", () => {
  const dmz = (more: JsonFields): JsonFields => signing(more, { ...ZONE, zone: "dmz" });
  const inner = (...zones: readonly [last: string, ...via: string[]]): JsonFields => {
    const [last, ...via] = zones;
    return { ...ZONE, stamp: { zones: [last], via, token: "txn-token", keys: KEYS } };
  };
  const edge = () => stand(host, STAMP)(request("/orders", ["txn-token", "a.b.c"])).headers;

  it("covers the token that the stamp before covered", () => {
    const step = stand(host, dmz({}))(edge());
    expect(input(step.headers)[0]).toContain('"txn-token"');
    expect(values(step.headers, "x-countersign-zone")).toEqual(["dmz"]);
    expect(stand(host, inner("dmz"))(step.headers).outcome).toBe("");
    expect(stand(host, inner("dmz"))(replaced(step.headers, "txn-token", "d.e.f")).outcome).toBe("stamp_invalid");
  });

  it("goes on with the chain that it verified", () => {
    const step = stand(host, dmz({ chain: true }))(edge());
    expect(values(step.headers, "x-countersign-zone")).toEqual(["edge, dmz"]);
    expect(stand(host, inner("dmz", "edge"))(step.headers).outcome).toBe("");
    expect(stand(host, inner("dmz"))(step.headers).outcome).toBe("stamp_invalid");
  });

  it("names no zone twice", () => {
    expect(stand(host, signing({ chain: true }, { ...ZONE, zone: "edge" }))(edge()).localReply?.status).toBe(503);
  });

  it("does not sign what did not verify", () => {
    const step = stand(host, dmz({}))(replaced(edge(), ":path", "/admin"));
    expect(step.outcome).toBe("stamp_invalid");
  });
});

it("signs as the stamp stand does, but for the nonce", () => {
  const guard = stand(host, signing({}, CLIENT));
  const stamp = stand(host, STAMP);
  const bare = (headers: readonly HeaderInput[]) => input(headers)[0]?.replace(/nonce="[^"]*"/, "");
  const segment = fc.stringMatching(/^[a-z0-9._~!$&'()*+,:=@-]{1,12}$/).filter((text) => !/^\.\.?$/.test(text));
  fc.assert(
    fc.property(segment, fc.boolean(), fc.option(segment), (path, port, token) => {
      const lines: HeaderInput[] = token === null ? [] : [["txn-token", token]];
      const asked = replaced(
        request(`/${path}?${path}`, ...lines),
        ":authority",
        port ? "Shop.example:8443" : "shop.example:443",
      );
      const signed = guard(asked);
      expect(signed.outcome).toBe("");
      expect(bare(signed.headers)).toBe(bare(stamp(asked).headers));
      expect(stand(host, ZONE)(signed.headers).outcome).toBe("");
    }),
    { numRuns: 50 },
  );
});

it("takes a nonce once", () => {
  const guard = stand(host, signing());
  const nonces = Array.from(
    { length: 200 },
    () => /nonce="([^"]+)"/.exec(input(guard(request()).headers)[0] ?? "")?.[1],
  );
  expect(new Set(nonces).size).toBe(200);
});

describe("configuration", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const MISTAKES: readonly (readonly [what: string, sign: Json, problem: string])[] = [
    ["no object", true, "sign: must be an object"],
    ["no key", { sign: "k1" }, "sign.keys: is missing"],
    ["a key id that is not there", { ...SIGN, sign: "k2" }, "sign.sign: must be the id of one of keys"],
    [
      "a lifetime of nothing",
      { ...SIGN, lifetimeSeconds: 0 },
      "sign.lifetimeSeconds: must be a whole number from 1 to 3600",
    ],
    [
      "a token header that is ours",
      { ...SIGN, token: "signature" },
      'sign.token: must be a lower-case header name, or ""',
    ],
    ["a chain that is no flag", { ...SIGN, chain: "yes" }, "sign.chain: must be true or false"],
    ["a zone of its own", { ...SIGN, zone: "edge" }, "sign.zone: is not known"],
    [
      "a public key",
      { ...SIGN, keys: [{ id: "k1", algorithm: "ecdsa-p256-sha256", publicKey: spki }] },
      "sign.keys[0].privateKey: is missing",
    ],
  ];
  it.each(MISTAKES)("refuses %s", (_what, sign, problem) => {
    const configuration = JSON.stringify({ ...EDGE, sign });
    expect(() => host.startPlugin({ rootId: "countersign.guard", configuration })).toThrow();
    expect(host.logs.map(({ text }) => text).join("\n")).toContain(`configuration refused: ${problem}`);
  });
});
