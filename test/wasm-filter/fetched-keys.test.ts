/** Keys by callout in the Node host: what an answer changes, what it cannot change, and what happens while there are none. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PluginRefused } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import {
  begin,
  count,
  FROM,
  fetching,
  json,
  K1,
  K2,
  keyOf,
  logged,
  newHost,
  pass,
  STAMPS,
  stampedWith,
  TOKEN,
  VERIFIES,
} from "./fetching.ts";
import { ECDSA } from "./keys.ts";
import { EDGE, type Json, OTHER_SECRET, request, SECRET, STAMP } from "./stands.ts";

beforeEach(begin);

describe("until keys are in", () => {
  it.each([
    ["a stamp", STAMPS, "GET /v1/stamp-keys"],
    ["a guard that verifies", VERIFIES, "GET /v1/stamp-keys?for=verify"],
    ["a guard that signs", { ...EDGE, sign: { keysFrom: FROM } }, "GET /v1/stamp-keys"],
  ] as const)("%s refuses all, and asks soon", (_, configuration, asked) => {
    const stands = fetching(configuration);
    expect(stands.ask()).toMatchObject({ outcome: "keys_missing", status: 503 });
    pass(250);
    const [call] = stands.plugin.calls;
    const line = (name: string) => call?.headers.find(([header]) => header === name)?.[1];
    expect(call).toMatchObject({ upstream: "ext-authz", timeout: 2000 });
    expect(`${line(":method")} ${line(":path")}`).toBe(asked);
    expect([line(":authority"), line("authorization")]).toEqual(["keys", `Bearer ${TOKEN}`]);
    stands.answer("200", json([K1], asked.includes("verify") ? undefined : "k1"));
    expect(stands.ask(asked.includes("verify") ? stampedWith(K1) : request()).outcome).toBe("");
  });

  it("asks again sooner than it will later, one call at a time", () => {
    const stamp = fetching({ ...STAMPS, keysFrom: { ...FROM, pollMilliseconds: 60_000 } });
    for (let i = 0; i < 3; i++) {
      pass(1000);
      expect(stamp.plugin.calls).toHaveLength(1);
      stamp.answer("503");
    }
    expect(count("stamp", "failed")).toBe(3);
    stamp.answer("200", json([K1], "k1"));
    stamp.answer("200", json([K1], "k1"));
    pass(50_000);
    expect(stamp.plugin.calls).toHaveLength(0);
    pass(5000);
    expect(stamp.plugin.calls).toHaveLength(1);
  });
});

describe("keys that are in", () => {
  it("rotate: the newest sign, all of them verify", () => {
    const stamp = fetching(STAMPS);
    const guard = fetching(VERIFIES);
    stamp.answer("200", json([K1], "k1"));
    guard.answer("200", json([K1]));
    const before = stamp.ask().headers.map(([n, v]) => [n, v] as const);
    expect([keyOf(before), guard.ask([...before]).outcome]).toEqual(["k1", ""]);
    guard.answer("200", json([K1, K2]));
    stamp.answer("200", json([K1, K2], "k2"));
    const after = stamp.ask().headers.map(([n, v]) => [n, v] as const);
    expect([keyOf(after), guard.ask([...after]).outcome, guard.ask([...before]).outcome]).toEqual(["k2", "", ""]);
    guard.answer("200", json([K2]));
    expect([guard.ask([...after]).outcome, guard.ask([...before]).outcome]).toEqual(["", "stamp_invalid"]);
  });

  const WRONG: readonly (readonly [string, string | undefined, string | Uint8Array, problem: string])[] = [
    ["no answer", undefined, "", "no answer"],
    ["an error", "500", json([K2], "k2"), "status 500"],
    ["a redirect", "302", "", "status 302"],
    ["not modified, though nothing was tagged", "304", "", "status 304"],
    ["nothing", "200", "", "not JSON"],
    ["half", "200", json([K2], "k2").slice(0, -9), "not JSON"],
    ["no keys", "200", "{}", "keys: is missing"],
    ["an empty list", "200", json([], "k2"), "keys: must hold at least one key"],
    [
      "one bad key beside good ones",
      "200",
      json([K1, { id: "k2", secret: "AA" }], "k1"),
      "keys[1].secret: must be base64url",
    ],
    ["a member that nobody knows", "200", json([{ ...K1, use: "sign" }], "k1"), "keys[0].use: is not known"],
    ["a signer that is not there", "200", json([K2], "k3"), "sign: must be the id of one of keys"],
    ["an id twice", "200", json([K2, K2], "k2"), "keys[1].id: stands twice"],
    ["another key source", "200", JSON.stringify({ keys: [K2], sign: "k2", keysFrom: FROM }), "keysFrom: is not known"],
    ["too much", "200", `${" ".repeat(262_144)}${json([K2], "k2")}`, "larger than 262144 bytes"],
    ["bytes", "200", new Uint8Array([0xff, 0, 0x80]), "not JSON"],
  ];
  it.each(WRONG)("stay on %s", (_, status, body, problem) => {
    const stamp = fetching(STAMPS);
    stamp.answer("200", json([K1], "k1"));
    stamp.answer(status, body);
    expect(keyOf(stamp.ask().headers)).toBe("k1");
    expect([count("stamp", "changed"), count("stamp", "failed")]).toEqual([1, 1]);
    expect(logged()).toContain(`countersign.stamp: keys of ext-authz not taken: ${problem}`);
    expect(logged()).not.toContain(SECRET.slice(0, 12));
    expect(logged()).not.toContain(OTHER_SECRET.slice(0, 12));
    expect(logged()).not.toContain(TOKEN);
    stamp.answer("200", json([K2], "k2"));
    expect(keyOf(stamp.ask().headers)).toBe("k2");
  });

  it("stay on an answer that comes late", () => {
    const stamp = fetching(STAMPS);
    stamp.answer("200", json([K1], "k1"));
    pass(1000);
    const [late] = stamp.plugin.calls;
    pass(4000);
    expect(stamp.plugin.calls).toHaveLength(2);
    late?.respond({ headers: [[":status", "200"]], body: json([K2], "k2") });
    expect(keyOf(stamp.ask().headers)).toBe("k1");
  });

  it("cost nothing while they do not change", () => {
    const stamp = fetching(STAMPS);
    stamp.answer("200", json([K1], "k1"), '"one"');
    pass(1000);
    expect(stamp.plugin.calls[0]?.headers).toContainEqual(["if-none-match", '"one"']);
    stamp.answer("304");
    expect([keyOf(stamp.ask().headers), count("stamp", "changed"), count("stamp", "failed")]).toEqual(["k1", 1, 0]);
    // A bad answer is told once, and counted as long as it stands.
    stamp.answer("200", json([], "k1"), '"two"');
    stamp.answer("304");
    stamp.answer(undefined);
    stamp.answer("304");
    expect(count("stamp", "failed")).toBe(4);
    expect(logged().match(/not taken: keys: /g)).toHaveLength(1);
  });

  it("are there at once for a configuration that comes again", () => {
    fetching(STAMPS).answer("200", json([K1], "k1"));
    const again = fetching({ ...STAMPS, lifetimeSeconds: 20 });
    expect(keyOf(again.ask().headers)).toBe("k1");
    const other = fetching({ ...STAMPS, keysFrom: { ...FROM, path: "/other" } });
    expect(other.ask().outcome).toBe("keys_missing");
    const guard = fetching({ ...VERIFIES, stamp: { zones: ["edge"], keysFrom: { ...FROM, path: "/v1/stamp-keys" } } });
    expect(guard.ask(stampedWith(K1)).outcome).toBe("keys_missing");
  });

  it("of pairs go each to its side", () => {
    const stamp = fetching(STAMPS);
    const guard = fetching(VERIFIES);
    guard.answer("200", json([ECDSA.signing]));
    expect(logged()).toContain("keys[0].privateKey: must not be here");
    guard.answer("200", json([ECDSA.verifying]));
    stamp.answer("200", json([ECDSA.signing], "ec1"));
    expect(guard.ask(stamp.ask().headers.map(([n, v]) => [n, v] as const)).outcome).toBe("");
  });

  it("stand beside configured ones, and before one of the same id", () => {
    const guard = fetching({ ...VERIFIES, stamp: { zones: ["edge"], keys: [K1], keysFrom: FROM } });
    const old = { id: "k1", secret: OTHER_SECRET };
    expect([guard.ask(stampedWith(K1)).outcome, guard.ask(stampedWith(K2)).outcome]).toEqual(["", "stamp_invalid"]);
    guard.answer("200", json([K2]));
    expect([guard.ask(stampedWith(K1)).outcome, guard.ask(stampedWith(K2)).outcome]).toEqual(["", ""]);
    guard.answer("200", json([old]));
    expect([guard.ask(stampedWith(K1)).outcome, guard.ask(stampedWith(old)).outcome]).toEqual(["stamp_invalid", ""]);
    const stamp = fetching({ ...STAMP, keysFrom: FROM });
    expect(keyOf(stamp.ask().headers)).toBe("k1");
    stamp.answer("200", json([K2]));
    expect(keyOf(stamp.ask().headers)).toBe("k1");
    stamp.answer("200", json([K2], "k2"));
    expect(keyOf(stamp.ask().headers)).toBe("k2");
  });
});

it("never traps, and never takes half, whatever comes", () => {
  const stamp = fetching({ ...STAMP, keysFrom: FROM });
  const good = Buffer.from(json([{ ...K1, notBefore: 1 }], "k1"));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(999), (at, flip, status) => {
      const body = Buffer.from(good);
      body[at] = (body[at] ?? 0) ^ flip;
      stamp.answer(status < 900 ? "200" : String(status), body, status % 2 ? String(status) : undefined);
      expect(["k1", keyOf(stamp.ask().headers)]).toContain("k1");
    }),
    { numRuns: 300 },
  );
});

it("does not take a call of grants for its own", () => {
  const configuration = { ...VERIFIES, grants: { cluster: "http", pollMilliseconds: 100 } };
  const guard = fetching(configuration);
  pass(100);
  const [grants, keys, more] = guard.plugin.calls;
  expect([grants?.upstream, keys?.upstream, more]).toEqual(["http", "ext-authz", undefined]);
  grants?.respond({
    headers: [
      [":status", "200"],
      ["x-countersign-epoch", "e1"],
    ],
    body: json([K1]),
  });
  expect(guard.ask(stampedWith(K1)).outcome).toBe("keys_missing");
  keys?.respond({ headers: [[":status", "200"]], body: json([K1]) });
  expect(guard.ask(stampedWith(K1)).outcome).toBe("");
  pass(100);
  expect(guard.plugin.calls.map(({ upstream }) => upstream)).toEqual(["http"]);
});

describe("configuration", () => {
  const MISTAKES: readonly (readonly [problem: string, keysFrom: Json])[] = [
    ["keysFrom: must be an object", "ext-authz"],
    ["keysFrom.cluster: is missing", { tokenEnv: "KEYS_TOKEN" }],
    ["keysFrom.cluster: must name a cluster", { ...FROM, cluster: "" }],
    ["keysFrom.path: must start with '/'", { ...FROM, path: "v1" }],
    ["keysFrom.tokenEnv: is missing", { cluster: "c" }],
    ["keysFrom.tokenEnv: must name a variable", { ...FROM, tokenEnv: "NOT_SET" }],
    ["keysFrom.tokenEnv: must name a variable", { ...FROM, tokenEnv: "SHORT" }],
    ["keysFrom.tokenEnv: must name a variable", { ...FROM, tokenEnv: "BLANK" }],
    ["keysFrom.pollMilliseconds: must be a whole number from 1000 to 60000", { ...FROM, pollMilliseconds: 999 }],
    ["keysFrom.token: is not known", { ...FROM, token: TOKEN }],
  ];
  it.each(MISTAKES)("%s (%#)", async (problem, keysFrom) => {
    const strange = await newHost({ KEYS_TOKEN: TOKEN, SHORT: "fifteen-letters", BLANK: `${TOKEN}\nx-other: 1` });
    const start = () =>
      strange.startPlugin({ rootId: "countersign.stamp", configuration: JSON.stringify({ ...STAMPS, keysFrom }) });
    expect(start).toThrow(PluginRefused);
    const text = strange.logs.map((line) => line.text).join("\n");
    expect(text).toContain(`configuration refused: ${problem}`);
    expect(text).not.toContain(TOKEN);
  });
});
