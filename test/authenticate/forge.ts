/**
 * Makes keys, tokens, rules and requests for the tests of this folder: by hand over node:crypto, so that what is wrong can be
 * made too. No network, the clock is a constant.
 */
import { constants, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { parseKeySet } from "../../ext-authz/authenticate/key-set.ts";
import type { KeySource } from "../../ext-authz/authenticate/key-source.ts";
import { compileAuthentication } from "../../ext-authz/authenticate/plan.ts";
import type { Limits } from "../../ext-authz/config/settings.ts";
import type { RequestModel } from "../../ext-authz/model.ts";
import type { JwtRule, RequestAuthentication } from "../../ext-authz/resources/resource.ts";

export const NOW = 1_790_000_000;
export const ISSUER = "https://issuer.example";
export const LIMITS: Limits = { tokenLength: 16384, tokens: 8, jsonDepth: 32, pathLength: 8192, checks: 1000 };

export const keys = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  otherRsa: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey,
  ed25519: generateKeyPairSync("ed25519").privateKey,
} as const;

export function jwkOf(key: KeyObject, members: object = {}): object {
  return { ...createPublicKey(key).export({ format: "jwk" }), ...members };
}

export function jwksOf(...jwks: readonly object[]): string {
  return JSON.stringify({ keys: jwks });
}

export function encode(text: string | Uint8Array): string {
  return Buffer.from(text).toString("base64url");
}

/** The right algorithm by its name; `key` may well be the wrong one. */
export function signatureOf(alg: string, input: string, key: KeyObject | string): Buffer {
  const hash = `sha${alg.slice(2)}`;
  if (typeof key === "string")
    return createHmac(alg.startsWith("HS") ? hash : "sha256", key)
      .update(input)
      .digest();
  if (key.asymmetricKeyType === "ed25519") return sign(null, Buffer.from(input), key);
  if (key.asymmetricKeyType === "ec") return sign(hash, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  if (!alg.startsWith("PS")) return sign(hash, Buffer.from(input), key);
  const saltLength = Number(alg.slice(2)) / 8;
  return sign(hash, Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

export function goodClaims(more: object = {}): object {
  return { iss: ISSUER, sub: "alice", exp: NOW + 600, ...more };
}

/** A token whose header and payload are any text at all, well signed. */
export function signText(header: string | Uint8Array, payload: string | Uint8Array, alg = "RS256"): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${encode(signatureOf(alg, input, keys.rsa))}`;
}

export function token(claims: object = goodClaims(), header: object = {}, key: KeyObject | string = keys.rsa): string {
  const whole = { alg: "RS256", kid: "k1", ...header };
  const input = `${encode(JSON.stringify(whole))}.${encode(JSON.stringify(claims))}`;
  return `${input}.${encode(signatureOf(String(whole.alg), input, key))}`;
}

export function rule(more: Partial<JwtRule> = {}): JwtRule {
  return {
    issuer: ISSUER,
    audiences: [],
    jwksUri: undefined,
    jwks: jwksOf(jwkOf(keys.rsa, { kid: "k1" })),
    fromHeaders: [],
    fromParams: [],
    fromCookies: [],
    forwardOriginalToken: false,
    outputPayloadToHeader: undefined,
    outputClaimToHeaders: [],
    spaceDelimitedClaims: [],
    timeoutMs: 5000,
    ...more,
  };
}

export function resource(jwtRules: readonly JwtRule[]): RequestAuthentication {
  const target = { matchLabels: new Map<string, string>(), targetRefs: [] };
  const meta = { namespace: "foo", name: "jwt", target, shadow: false, file: "test.yaml", line: 1 };
  return { kind: "RequestAuthentication", ...meta, jwtRules };
}

export function inlineSource(strict: boolean): (jwtRule: JwtRule) => KeySource {
  return (jwtRule) => {
    const parsed = parseKeySet(jwtRule.jwks ?? "", 32, { strict, allowSecrets: true });
    const keySet = parsed.ok ? parsed.value : { keys: [], unusable: [], revision: "" };
    return { current: () => keySet, renew: () => undefined };
  };
}

export function planOf(rules: readonly JwtRule[], strict = false, sourceFor = inlineSource(strict)) {
  const options = { strict, clockSkewSeconds: 60, limits: LIMITS, keys: { sourceFor } };
  return compileAuthentication([resource(rules)], options);
}

export type HeaderTable = Readonly<Record<string, string | readonly string[]>>;

export function request(headers: HeaderTable = {}, more: Partial<RequestModel> = {}): RequestModel {
  const lines = Object.entries(headers).map(
    ([name, value]) => [name, typeof value === "string" ? [value] : value] as const,
  );
  const peer = { address: undefined, port: 0 };
  return {
    protocol: "http",
    method: "GET",
    path: "/",
    query: "",
    scheme: "http",
    host: "svc.example",
    headers: new Map(lines),
    source: peer,
    destination: peer,
    remoteAddress: undefined,
    sourcePrincipal: undefined,
    peerCertificate: undefined,
    sni: "",
    workload: { namespace: "foo", name: "svc", labels: new Map() },
    metadata: new Map(),
    requestId: "",
    ...more,
  };
}

/** Authenticates and says in one line what came out: `ok <sub>`, `none`, or the refusal's text. */
export async function outcome(plan: ReturnType<typeof planOf>, model: RequestModel, now = NOW): Promise<string> {
  const result = await authenticate(plan, model, now, new AbortController().signal);
  if (!result.ok) return result.error.text;
  return result.value.token === undefined ? "none" : `ok ${result.value.token.subject ?? "-"}`;
}

export function bearer(raw: string): RequestModel {
  return request({ authorization: `Bearer ${raw}` });
}
