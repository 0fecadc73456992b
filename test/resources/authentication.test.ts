import { describe, expect, test } from "vitest";
import { parseDuration } from "../../ext-authz/resources/duration.ts";
import { annotated, problemsOf, read, resource } from "./read-one.ts";

const jwt = (rule: object) => resource("RequestAuthentication", { jwtRules: [{ issuer: "i", ...rule }] });
const peer = (spec: object, changes?: object) => resource("PeerAuthentication", spec, changes);
const key = { kty: "RSA", n: "AQ", e: "AQAB" };
const set = (...keys: object[]) => JSON.stringify({ keys });
const app = { selector: { matchLabels: { app: "a" } } };

describe("RequestAuthentication", () => {
  test("all fields, and what they are when not written", () => {
    const rule = {
      audiences: ["a"],
      jwksUri: "https://issuer.example/jwks",
      fromHeaders: [{ name: "X-Jwt", prefix: "Token " }, { name: "y" }],
      fromParams: ["p"],
      fromCookies: ["c"],
      forwardOriginalToken: true,
      outputPayloadToHeader: "x-payload",
      outputClaimToHeaders: [{ header: "x-sub", claim: "sub" }],
      spaceDelimitedClaims: ["teams"],
      timeout: "1.5s",
    };
    const [full] = read(jwt(rule)).resources;
    expect(full?.kind === "RequestAuthentication" && full.jwtRules).toEqual([
      {
        ...{ ...rule, timeout: undefined, issuer: "i", jwks: undefined, timeoutMs: 1500 },
        fromHeaders: [
          { name: "X-Jwt", prefix: "Token " },
          { name: "y", prefix: "" },
        ],
      },
    ]);
    const [bare] = read(jwt({})).resources;
    expect(bare?.kind === "RequestAuthentication" && bare.jwtRules).toEqual([
      {
        ...{ issuer: "i", audiences: [], jwksUri: undefined, jwks: undefined, fromHeaders: [], fromParams: [] },
        ...{ fromCookies: [], forwardOriginalToken: false, outputPayloadToHeader: undefined, outputClaimToHeaders: [] },
        ...{ spaceDelimitedClaims: [], timeoutMs: 5000 },
      },
    ]);
  });

  test.each([
    jwt({ jwks: set(key) }),
    jwt({ jwks: JSON.stringify(key) }),
    jwt({ jwks: set() }),
    jwt({ jwks: set({ kty: "oct", k: "AQ" }) }),
    jwt({ jwks_uri: "http://a:8080/x?y" }),
    jwt({ timeout: "1ms" }),
    resource("RequestAuthentication", {}),
  ])("%s is fine", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test("a private key is warned of", () => {
    expect(problemsOf(jwt({ jwks: set(key, { ...key, d: "AQ" }) }))).toEqual([
      "warning spec.jwtRules[0].jwks: key 1 is a private key",
    ]);
  });

  test.each([
    [{ issuer: "" }, "issuer"],
    [{ issuer: null }, ""],
    [{ jwksUri: "" }, "jwksUri"],
    [{ jwksUri: "ftp://a" }, "jwksUri"],
    [{ jwksUri: "https:a" }, "jwksUri"],
    [{ jwksUri: "https:///a" }, "jwksUri"],
    [{ jwksUri: " https://a" }, "jwksUri"],
    [{ jwksUri: "https://a\n/b" }, "jwksUri"],
    [{ jwksUri: "https://a:65536" }, "jwksUri"],
    [{ jwksUri: `https://a/${"x".repeat(2048)}` }, "jwksUri"],
    [{ jwksUri: "https://a", jwks: set(key) }, "jwks"],
    [{ jwksUri: "https://a", jwks_uri: "https://a" }, "jwks_uri"],
    [{ jwks: "[]" }, "jwks"],
    [{ jwks: '{"keys":{}}' }, "jwks"],
    [{ jwks: "{}" }, "jwks"],
    [{ jwks: set({ n: "AQ" }) }, "jwks"],
    [{ fromHeaders: [{ prefix: "x" }] }, "fromHeaders[0]"],
    [{ fromHeaders: [{ name: "a b" }] }, "fromHeaders[0].name"],
    [{ fromHeaders: [{ name: ":path" }] }, "fromHeaders[0].name"],
    [{ fromParams: [""] }, "fromParams[0]"],
    [{ fromCookies: "c" }, "fromCookies"],
    [{ outputPayloadToHeader: "a\r\nb" }, "outputPayloadToHeader"],
    [{ outputClaimToHeaders: [{ header: "a.b", claim: "c" }] }, "outputClaimToHeaders[0].header"],
    [{ outputClaimToHeaders: [{ header: "a" }] }, "outputClaimToHeaders[0]"],
    [{ spaceDelimitedClaims: Array(65).fill("a") }, "spaceDelimitedClaims"],
    [{ forwardOriginalToken: "true" }, "forwardOriginalToken"],
    [{ timeout: "0s" }, "timeout"],
    [{ timeout: "5" }, "timeout"],
    [{ audience: ["a"] }, "audience"],
  ])("%o is refused", (rule, field) => {
    const { resources, problems } = read(jwt(rule));
    expect(resources).toEqual([]);
    expect(problems.map(({ path }) => path)).toEqual([`spec.jwtRules[0]${field === "" ? "" : `.${field}`}`]);
  });

  test.each([annotated("true"), annotated("false")])("dry-run is refused", (changes) => {
    expect(problemsOf(resource("RequestAuthentication", {}, changes))).toHaveLength(1);
    expect(problemsOf(peer({}, changes))).toHaveLength(1);
  });
});

describe("PeerAuthentication", () => {
  test("modes and ports", () => {
    const [found] = read(
      peer({ ...app, mtls: { mode: "STRICT" }, portLevelMtls: { 8080: { mode: "DISABLE" }, 9: {} } }),
    ).resources;
    expect(found).toMatchObject({
      mode: "STRICT",
      portLevelMtls: new Map([
        [8080, "DISABLE"],
        [9, "UNSET"],
      ]),
    });
    expect(read(peer({ mtls: null })).resources[0]).toMatchObject({ mode: "UNSET" });
  });

  test("ports may be plain numbers in YAML", () => {
    const text =
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p}\nspec:\n  selector: {matchLabels: {a: b}}\n  portLevelMtls:\n    8080: {mode: STRICT}\n";
    expect(read(text).resources[0]).toMatchObject({ portLevelMtls: new Map([[8080, "STRICT"]]) });
  });

  test.each([
    [{ mtls: { mode: "strict" } }, "spec.mtls.mode"],
    [{ portLevelMtls: { 80: {} } }, "spec.portLevelMtls"],
    [{ ...app, portLevelMtls: {} }, "spec.portLevelMtls"],
    [{ ...app, portLevelMtls: { 65536: {} } }, 'spec.portLevelMtls["65536"]'],
    [{ ...app, portLevelMtls: { http: {} } }, "spec.portLevelMtls.http"],
    [{ targetRefs: [] }, "spec.targetRefs"],
  ])("%o is refused", (spec, path) => {
    expect(read(peer(spec)).problems.map((problem) => problem.path)).toEqual([path]);
  });
});

describe("durations", () => {
  test.each([
    ["5s", 5000],
    ["100ms", 100],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["1m1ms", 60_001],
    ["0", 0],
    ["500us", 0.5],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
  test.each(["", "5", "s", "-5s", "+5s", "5 s", "5S", ".5s", "5d", "1e3s", "5s ", `${"1".repeat(40)}s`])(
    "%j is none",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});
