/**
 * The conformance cases as data for every rung: reads test/cases/istio-*.json, signs their tokens, fills their
 * placeholders. Format: the notes inside those files.
 */
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";

export interface Case {
  readonly name: string;
  readonly policies: readonly object[];
  readonly request: CaseRequest;
  readonly jwt_claims: Record<string, unknown> | string | null;
  readonly jwt_extra?: Record<string, { readonly claims: Record<string, unknown> }>;
  readonly jwt_sign?: SignOptions;
  readonly workload: { readonly namespace: string; readonly labels: Record<string, string> };
  readonly mesh?: {
    readonly rootNamespace?: string;
    readonly trustDomain?: string;
    readonly trustDomainAliases?: readonly string[];
    readonly pathNormalization?: string;
    readonly extensionProviders?: readonly string[];
  };
  readonly tags?: readonly string[];
  readonly expect: {
    readonly status: number;
    readonly body?: string;
    readonly upstream_headers?: Record<string, string | null>;
    readonly www_authenticate_contains?: string;
  };
}

interface CaseRequest {
  readonly protocol?: "tcp";
  readonly method: string | null;
  readonly path: string | null;
  readonly host: string | null;
  readonly headers: Record<string, string | readonly string[]>;
  readonly source_principal: string | null;
  readonly source_ip: string;
  readonly remote_ip: string;
  readonly destination_ip: string;
  readonly destination_port: number;
  readonly sni: string;
}

interface SignOptions {
  readonly alg?: string;
  readonly kid?: string | null;
  readonly key?: "other" | "jwks-public-key-as-secret";
  readonly raw_header?: unknown;
  readonly tamper?: "payload";
}

export interface FilledCase {
  readonly name: string;
  readonly policies: readonly object[];
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly expectedHeaders: ReadonlyMap<string, string | null>;
  readonly source: Case;
}

const harness = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });

function jwks(key: KeyObject, members: object): string {
  return JSON.stringify({ keys: [{ ...key.export({ format: "jwk" }), use: "sig", ...members }] });
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  "${JWKS}": jwks(harness.publicKey, { kid: "harness-1", alg: "RS256" }),
  "${JWKS_UNRELATED}": jwks(other.publicKey, { kid: "unrelated-1", alg: "RS256" }),
  "${JWKS_NOALG}": jwks(harness.publicKey, { kid: "harness-1" }),
};

export function readCases(file: "istio-authn" | "istio-authz"): readonly Case[] {
  const text = readFileSync(new URL(`../cases/${file}.json`, import.meta.url), "utf8");
  return (JSON.parse(text) as { cases: readonly Case[] }).cases;
}

/** @param now seconds since the epoch */
export function fillCase(source: Case, now: number): FilledCase {
  const tokens = new Map<string, string>();
  if (typeof source.jwt_claims === "string") tokens.set("${JWT}", source.jwt_claims);
  else if (source.jwt_claims !== null) tokens.set("${JWT}", token(source.jwt_claims, source.jwt_sign ?? {}, now));
  for (const [name, extra] of Object.entries(source.jwt_extra ?? {})) {
    tokens.set(`\${JWT:${name}}`, token(extra.claims, {}, now));
  }
  const fill = (text: string): string => [...tokens].reduce((out, [mark, value]) => out.replaceAll(mark, value), text);
  const { request } = source;
  const lines = Object.entries(request.headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).map((line) => [name, fill(line)] as const),
  );
  const placed = JSON.stringify([request.path, request.headers]).includes("${JWT");
  const main = tokens.get("${JWT}");
  if (main !== undefined && !placed) lines.push(["authorization", `Bearer ${main}`]);
  if (request.remote_ip !== request.source_ip && !lines.some(([name]) => name === "x-forwarded-for")) {
    lines.push(["x-forwarded-for", request.remote_ip]);
  }
  return {
    name: source.name,
    policies: source.policies.map(fillPolicy),
    method: request.method ?? "",
    target: fill(request.path ?? ""),
    host: request.host ?? "",
    headers: lines,
    expectedHeaders: new Map(
      Object.entries(source.expect.upstream_headers ?? {}).map(([name, value]) => [
        name,
        value === null ? null : value.replace("${JWT_PAYLOAD_SEGMENT}", main?.split(".")[1] ?? ""),
      ]),
    ),
    source,
  };
}

function fillPolicy(policy: object): object {
  return JSON.parse(JSON.stringify(policy), (_, value: unknown) =>
    typeof value === "string" && Object.hasOwn(PLACEHOLDERS, value) ? PLACEHOLDERS[value] : value,
  ) as object;
}

function token(claims: Record<string, unknown>, options: SignOptions, now: number): string {
  const filled = JSON.parse(JSON.stringify(claims), (_, value: unknown) => {
    const moment = typeof value === "string" ? /^\$\{NOW([+-]\d+)\}$/.exec(value) : null;
    return moment === null ? value : now + Number(moment[1]);
  }) as Record<string, unknown>;
  const alg = options.alg ?? "RS256";
  const kid = options.kid === undefined ? { kid: "harness-1" } : options.kid === null ? {} : { kid: options.kid };
  const header = options.raw_header ?? { alg, typ: "JWT", ...kid };
  const input = `${encode(header)}.${encode(filled)}`;
  const signature = signWith(alg, input, options).toString("base64url");
  if (options.tamper !== "payload") return `${input}.${signature}`;
  return `${encode(header)}.${encode({ ...filled, tampered: true })}.${signature}`;
}

function signWith(alg: string, input: string, options: SignOptions): Buffer {
  const hash = `sha${alg.slice(-3)}`;
  if (options.key === "jwks-public-key-as-secret") {
    const pem = createPublicKey(harness.publicKey.export({ type: "spki", format: "pem" }));
    return createHmac(hash, pem.export({ type: "spki", format: "pem" }))
      .update(input)
      .digest();
  }
  const key = options.key === "other" ? other.privateKey : harness.privateKey;
  return /^RS\d{3}$/.test(alg) ? sign(hash, Buffer.from(input), key) : Buffer.from("no-signature");
}

function encode(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}
