/**
 * The whole stage for the tests of this folder: resources as YAML would say them, one request, and what came out in one line.
 * Sources are offline unless a test brings its own; the clock is an argument.
 */
import { createHash, type KeyObject, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Refused } from "../../../ext-authz/authenticate/credentials/credential.ts";
import {
  type CredentialSources,
  offlineSources,
} from "../../../ext-authz/authenticate/credentials/credential-sources.ts";
import { type Identified, identify } from "../../../ext-authz/authenticate/credentials/identify.ts";
import { defaults } from "../../../ext-authz/config/defaults.ts";
import type { RequestModel } from "../../../ext-authz/model.ts";
import { readResources } from "../../../ext-authz/resources/read.ts";
import type { Resource } from "../../../ext-authz/resources/resource.ts";
import type { Result } from "../../../ext-authz/result.ts";
import { compileSnapshot } from "../../../ext-authz/snapshot.ts";
import { encode, ISSUER, inlineSource, jwkOf, jwksOf, keys, LIMITS, NOW, signatureOf } from "../forge.ts";

/** Kind and spec, with what else stands beside them. */
export type Written = readonly [kind: string, spec: object, metadata?: object];

export const jwtRule: Written = [
  "RequestAuthentication",
  { jwtRules: [{ issuer: ISSUER, audiences: ["svc"], jwks: jwksOf(jwkOf(keys.rsa, { kid: "k1" })) }] },
];

export function readAll(written: readonly Written[]): readonly Resource[] {
  const items = written.map(([kind, spec, metadata], index) => ({
    apiVersion: kind === "RequestAuthentication" ? "security.istio.io/v1" : "countersign.dev/v1alpha1",
    kind,
    metadata: { name: `r${index}`, namespace: "foo", ...metadata },
    spec,
  }));
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const { resources, problems } = readResources([{ file: "/policies/p.yaml", text }]);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return resources;
}

export interface StageOptions {
  readonly strict?: boolean;
  readonly sources?: CredentialSources;
}

export interface Stage {
  result(request: RequestModel, now?: number): Promise<Result<Identified, Refused>>;
  /** `ok iss/sub`, `none`, the refusal's code, or `503 reason`. */
  line(request: RequestModel, now?: number): Promise<string>;
}

export function stageOf(
  written: readonly Written[],
  { strict = true, sources = offlineSources() }: StageOptions = {},
): Stage {
  const snapshot = compileSnapshot(readAll(written), {
    mesh: { ...defaults.mesh, strict },
    limits: LIMITS,
    clockSkewSeconds: 60,
    keys: { sourceFor: inlineSource(strict) },
    credentials: sources,
    compileMint: () => {
      throw new Error("nothing is minted here");
    },
    hash: (text) => createHash("sha256").update(text).digest("hex"),
  });
  const result: Stage["result"] = async (request, now = NOW) =>
    identify(snapshot.planFor(request.workload).credentials, request, now, new AbortController().signal);
  return {
    result,
    async line(request, now) {
      const outcome = await result(request, now);
      if (!outcome.ok) return "failure" in outcome.error ? `503 ${outcome.error.failure}` : outcome.error.code;
      const { token } = outcome.value;
      return token === undefined ? "none" : `ok ${token.issuer}/${token.subject ?? "-"}`;
    },
  };
}

interface Vectors {
  readonly dpop: readonly {
    readonly source: string;
    readonly method: string;
    readonly uri: string;
    readonly token: string;
    readonly thumbprint: string;
    readonly issuedAt: number;
    readonly proof: string;
  }[];
  readonly certificates: readonly { readonly source: string; readonly thumbprint: string; readonly pem: string }[];
}

export const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../cases/possession-vectors.json", import.meta.url), "utf8"),
);

export interface ProofChanges {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: KeyObject;
  /** Public key in the header; that of `key` unless said. */
  readonly jwk?: unknown;
}

/** A DPoP proof for `GET http://svc.example/` and this token, with what a test wants otherwise. `undefined` takes out. */
export function proofFor(
  token: string,
  { header, claims, key = keys.p256, jwk = jwkOf(key) }: ProofChanges = {},
): string {
  const whole = { typ: "dpop+jwt", alg: "ES256", jwk, ...header };
  const ath = createHash("sha256").update(token).digest("base64url");
  const said = { jti: randomUUID(), htm: "GET", htu: "http://svc.example/", iat: NOW, ath, ...claims };
  const input = `${encode(JSON.stringify(whole))}.${encode(JSON.stringify(said))}`;
  return `${input}.${encode(whole.alg === "none" ? "" : signatureOf(whole.alg, input, whole.alg.startsWith("HS") ? "s" : key))}`;
}

/** RFC 7638 by hand, apart from the code under test. */
export function thumbprintOf(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = jwkOf(key) as Record<string, string>;
  const text =
    kty === "RSA"
      ? `{"e":"${e}","kty":"RSA","n":"${n}"}`
      : kty === "OKP"
        ? `{"crv":"${crv}","kty":"OKP","x":"${x}"}`
        : `{"crv":"${crv}","kty":"EC","x":"${x}","y":"${y}"}`;
  return createHash("sha256").update(text).digest("base64url");
}
