/**
 * Tokens verified per second on one core, for each algorithm on three ways: node:crypto's own verify of the same signatures
 * (the ceiling), the authentication stage for a token never seen before, and for one that is remembered. In: how much effort.
 * Out: a row for each algorithm, once all results are right. Keys and tokens are made here, for this run.
 */
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify as verifyNatively,
} from "node:crypto";
import { cpus } from "node:os";
import { authenticate } from "../ext-authz/authenticate/authenticate.ts";
import { parseKeySet } from "../ext-authz/authenticate/key-set.ts";
import { compileAuthentication } from "../ext-authz/authenticate/plan.ts";
import { createVerifiedTokens } from "../ext-authz/authenticate/verified-tokens.ts";
import { defaults } from "../ext-authz/config/defaults.ts";
import type { RequestModel } from "../ext-authz/model.ts";
import { measure, type Subject } from "./rounds.ts";
import type { BenchEntry } from "./run.ts";

const NOW = 1_790_000_000;
const ISSUER = "https://issuer.example";
/** So many different tokens take turns. */
const TOKENS = 64;
const WAYS = ["node:crypto", "cold", "cached"] as const;
const signal = new AbortController().signal;

interface Algorithm {
  readonly alg: string;
  readonly key: KeyObject;
  readonly hash: string | null;
  readonly options: object;
}

function algorithms(): readonly Algorithm[] {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;
  const raw = { dsaEncoding: "ieee-p1363" };
  return [
    { alg: "RS256", key: rsa, hash: "sha256", options: { padding: constants.RSA_PKCS1_PADDING } },
    { alg: "PS256", key: rsa, hash: "sha256", options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
    { alg: "ES256", key: ec("P-256"), hash: "sha256", options: raw },
    { alg: "ES384", key: ec("P-384"), hash: "sha384", options: raw },
    { alg: "EdDSA", key: generateKeyPairSync("ed25519").privateKey, hash: null, options: {} },
  ];
}

interface Signed {
  readonly raw: string;
  readonly input: Buffer;
  readonly signature: Buffer;
  readonly request: RequestModel;
}

/** About what an identity provider puts into an access token. */
function signedBy({ alg, key, hash, options }: Algorithm, at: number): Signed {
  const claims = {
    ...{ iss: ISSUER, sub: `user-${at}`, aud: ["orders", "billing"], iat: NOW, exp: NOW + 300, jti: `id-${alg}-${at}` },
    ...{ azp: "web", scope: "openid profile orders:read orders:write", realm_access: { roles: ["user", "buyer"] } },
  };
  const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${segment({ alg, typ: "at+jwt", kid: alg })}.${segment(claims)}`;
  const signature = sign(hash, Buffer.from(input), { key, ...options });
  const raw = `${input}.${signature.toString("base64url")}`;
  return { raw, input: Buffer.from(input), signature, request: requestWith(raw) };
}

function requestWith(raw: string): RequestModel {
  const peer = { address: undefined, port: 0 };
  return {
    ...{ protocol: "http", method: "GET", path: "/", query: "", scheme: "https", host: "svc.example", requestId: "" },
    headers: new Map([["authorization", [`Bearer ${raw}`]]]),
    ...{ source: peer, destination: peer, remoteAddress: undefined, sourcePrincipal: undefined },
    ...{ peerCertificate: undefined, sni: "", metadata: new Map() },
    workload: { namespace: "default", name: "", labels: new Map() },
  };
}

function planFor({ alg, key }: Algorithm, remembered: number) {
  const jwk = { ...createPublicKey(key).export({ format: "jwk" }), kid: alg, alg };
  const keySet = parseKeySet(JSON.stringify({ keys: [jwk] }), 8, { strict: true, allowSecrets: false });
  const source = { current: () => (keySet.ok ? keySet.value : undefined), renew: () => undefined };
  const target = { matchLabels: new Map(), targetRefs: [] };
  const meta = { namespace: "default", name: "bench", target, shadow: false, file: "bench", line: 1 };
  const lists = {
    fromHeaders: [],
    fromParams: [],
    fromCookies: [],
    outputClaimToHeaders: [],
    spaceDelimitedClaims: [],
  };
  const outputs = { forwardOriginalToken: false, outputPayloadToHeader: undefined, timeoutMs: 5000 };
  const rule = { issuer: ISSUER, audiences: ["orders"], jwksUri: undefined, jwks: undefined, ...lists, ...outputs };
  return compileAuthentication([{ kind: "RequestAuthentication", ...meta, jwtRules: [rule] }], {
    ...{ strict: true, clockSkewSeconds: 60, limits: defaults.limits, keys: { sourceFor: () => source } },
    verified: createVerifiedTokens({ entries: remembered, bytes: 1 << 24 }),
  });
}

function isAccepted(plan: ReturnType<typeof planFor>, request: RequestModel): boolean {
  const result = authenticate(plan, request, NOW, signal);
  return !(result instanceof Promise) && result.ok && result.value.token !== undefined;
}

function subjectsFor(algorithm: Algorithm): readonly Subject[] {
  const { alg, hash, options } = algorithm;
  const tokens = Array.from({ length: TOKENS }, (_, at) => signedBy(algorithm, at));
  const key = createPublicKey(algorithm.key);
  const plans = { cold: planFor(algorithm, 1), cached: planFor(algorithm, TOKENS) };
  const native = ({ input, signature }: Signed): boolean => verifyNatively(hash, input, { key, ...options }, signature);
  const subject = (way: (typeof WAYS)[number], accepts: (token: Signed) => boolean): Subject => ({
    name: `${alg} ${way}`,
    run: (count) => {
      const token = tokens[count % TOKENS];
      if (token === undefined || !accepts(token)) throw new Error(`${alg} ${way}: a good token was refused`);
    },
    check() {
      if (!tokens.every(accepts)) return "a good token is refused";
      return tokens.map(spoil).some(accepts) ? "a spoilt token is accepted" : undefined;
    },
  });
  return [
    subject("node:crypto", native),
    subject("cold", ({ request }) => isAccepted(plans.cold, request)),
    subject("cached", ({ request }) => isAccepted(plans.cached, request)),
  ];
}

/** One bit of the signature. */
function spoil({ input, signature }: Signed): Signed {
  const other = Buffer.from(signature);
  other[20] = (other[20] ?? 0) ^ 1;
  const raw = `${input.toString()}.${other.toString("base64url")}`;
  return { raw, input, signature: other, request: requestWith(raw) };
}

/** @throws when a good token is refused or a bad one accepted: then there is nothing to measure. */
export const verify: BenchEntry = {
  about: "tokens verified per second per core, cold and cached, beside node:crypto's own verify",
  run: ({ quick }) => {
    const all = algorithms();
    const subjects = all.flatMap(subjectsFor);
    for (const { name, check } of subjects) {
      const wrong = check();
      if (wrong !== undefined) throw new Error(`${name}: ${wrong}`);
    }
    const effort = quick ? { rounds: 5, batchMs: 10 } : { rounds: 21, batchMs: 50 };
    const timings = new Map(measure(subjects, effort, () => process.hrtime.bigint()).map((one) => [one.name, one]));
    const cells = (alg: string, way: (typeof WAYS)[number]) => {
      const { median = 0, tenth = 0, ninetieth = 0 } = timings.get(`${alg} ${way}`) ?? {};
      const spread = `${(tenth / 1000).toFixed(1)}–${(ninetieth / 1000).toFixed(1)}`;
      return { [`${way} /s`]: Math.round(1e9 / median), [`${way} µs`]: spread };
    };
    return Promise.resolve({
      title: "verify: one RequestAuthentication, one token of about 500 bytes as bearer, one core",
      rows: all.map(({ alg }) => ({ alg, ...Object.assign({}, ...WAYS.map((way) => cells(alg, way))) })),
      notes: [
        `/s: of the median of ${effort.rounds} interleaved rounds; µs: 10th to 90th percentile of the rounds`,
        "node:crypto: the signature alone, key and bytes ready; cold: the whole stage, never seen before; cached: again",
        `${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.version}, OpenSSL ${process.versions.openssl}`,
      ],
    });
  },
};
