/**
 * Whether a token's holder proved to be its holder (RFC 7800, RFC 8705 §3, RFC 9449 §7). In: a ProofOfPossession, then a
 * verified credential and its request. Out: the DPoP proof that is to be used up, nothing, or the refusal. Pure.
 */
import { CONNECTION, headerRead, type Read } from "../../grant/read.ts";
import type { JsonObject, RequestModel } from "../../model.ts";
import { headerValues } from "../../request/inline-headers.ts";
import type { ProofOfPossession } from "../../resources/credential-resource.ts";
import { err, ok, type Result } from "../../result.ts";
import { isJsonObject, member } from "../strict-json.ts";
import { certificateThumbprint } from "./certificate-thumbprint.ts";
import type { Credential, CredentialRefusal, Proof } from "./credential.ts";
import { checkProof, type ProofRules } from "./dpop-proof.ts";
import { forwardedThumbprint } from "./forwarded-certificate.ts";
import {
  CERTIFICATE,
  CONFIRMATION,
  NO_CERTIFICATE,
  NOT_CHECKED,
  PROOF_MISSING,
  UNBOUND,
  UNBOUND_DPOP,
} from "./refusals.ts";

type Possession = Result<Proof | undefined, CredentialRefusal>;

export interface PossessionRules {
  readonly resource: ProofOfPossession;
  readonly strict: boolean;
  readonly proof: Omit<ProofRules, "ageSeconds">;
}

/** What `checkPossession` looks at, but for what only a DPoP proof is held against: a proof is used up. */
export function possessionReads({ method, certificate }: ProofOfPossession): readonly Read[] {
  const seen: readonly Read[] = certificate === "peer" ? CONNECTION : [headerRead("x-forwarded-client-cert")];
  const proof = [headerRead("authorization"), headerRead("dpop")];
  switch (method) {
    case "mtls":
      return [headerRead("authorization"), ...seen];
    case "dpop":
      return proof;
    case "any":
      return [...proof, ...seen];
  }
}

/** What `cnf` names. `others`: members that nobody here can check. */
interface Confirmation {
  readonly key: string | undefined;
  readonly certificate: string | undefined;
  readonly others: number;
}

export function checkPossession(
  { resource, strict, proof }: PossessionRules,
  { token }: Credential,
  request: RequestModel,
  now: number,
): Possession {
  const bound = readConfirmation(token.claims);
  if (bound === undefined) return err(CONFIRMATION);
  const asDpop = isPresentedAsDpop(request, token.raw);
  if (asDpop && bound.key === undefined) return err(UNBOUND_DPOP);
  const certificate = resource.method === "dpop" ? undefined : bound.certificate;
  const key = resource.method === "mtls" ? undefined : bound.key;
  const named = countNamed(bound);
  const checked = Number(certificate !== undefined) + Number(key !== undefined);
  if (resource.required && checked === 0) return err(named === 0 ? UNBOUND : NOT_CHECKED);
  // A binding that is passed over makes a bound token a bearer token.
  if (strict && checked < named) return err(bound.key !== undefined && !asDpop ? PROOF_MISSING : NOT_CHECKED);
  if (certificate !== undefined) {
    const seen = seenThumbprint(resource, request);
    if (seen === undefined) return err(NO_CERTIFICATE);
    if (seen !== certificate) return err(CERTIFICATE);
  }
  if (key === undefined) return ok(undefined);
  // RFC 9449 §7.2: never as a bearer token, not even with a good proof beside it.
  if (!asDpop) return err(PROOF_MISSING);
  const uri = `${resource.htu.scheme || request.scheme}://${resource.htu.host || (request.host ?? "")}${request.path}`;
  const expected = { method: request.method, uri, token: token.raw, thumbprint: key };
  const rules = { ...proof, ageSeconds: resource.proofAgeSeconds };
  return checkProof(headerValues(request.headers, "dpop"), expected, rules, now);
}

/** Where no ProofOfPossession applies: a bound token is still no bearer token (RFC 9449 §7.2, RFC 8705 §3). */
export function refuseAsBearer({ token }: Credential): CredentialRefusal | undefined {
  const bound = readConfirmation(token.claims);
  if (bound === undefined) return CONFIRMATION;
  if (bound.key !== undefined) return PROOF_MISSING;
  return countNamed(bound) === 0 ? undefined : NOT_CHECKED;
}

function countNamed({ key, certificate, others }: Confirmation): number {
  return Number(key !== undefined) + Number(certificate !== undefined) + others;
}

const NO_CONFIRMATION: Confirmation = { key: undefined, certificate: undefined, others: 0 };

/** Undefined: a `cnf` that nobody could have meant. No `cnf` confirms nothing. */
function readConfirmation(claims: JsonObject): Confirmation | undefined {
  const confirmation = member(claims, "cnf");
  if (confirmation === undefined) return NO_CONFIRMATION;
  if (!isJsonObject(confirmation)) return undefined;
  const key = member(confirmation, "jkt");
  const certificate = member(confirmation, "x5t#S256");
  if (!isThumbprint(key) || !isThumbprint(certificate)) return undefined;
  const names = Object.keys(confirmation);
  const others = names.filter((name) => name !== "jkt" && name !== "x5t#S256").length;
  return names.length === 0 ? undefined : { key, certificate, others };
}

/** A SHA-256 in base64url; or not there. */
function isThumbprint(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === "string" && /^[A-Za-z0-9_-]{43}$/.test(value));
}

/** `Authorization: DPoP <token>` (RFC 9449 §7.1), one line and nothing else in it. */
function isPresentedAsDpop(request: RequestModel, raw: string): boolean {
  const [value, more] = headerValues(request.headers, "authorization");
  if (value === undefined || more !== undefined) return false;
  return /^dpop $/i.test(value.slice(0, 5)) && value.slice(5).trim() === raw;
}

function seenThumbprint(resource: ProofOfPossession, request: RequestModel): string | undefined {
  if (resource.certificate === "xfcc") {
    const lines = request.headers.get("x-forwarded-client-cert") ?? [];
    return lines.length === 0 ? undefined : forwardedThumbprint(lines, resource.xfccTrustedHops);
  }
  return request.peerCertificate === undefined ? undefined : certificateThumbprint(request.peerCertificate);
}
