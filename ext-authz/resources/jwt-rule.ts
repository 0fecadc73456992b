/**
 * In: one `jwtRules` entry of a RequestAuthentication. Out: the rule, with what Istio refuses or warns of reported. Pure.
 * Source: istio.io JWTRule reference, Istio `validateJwtRule`, the CustomResourceDefinition's limits.
 */
import { parseDuration } from "./duration.ts";
import type { Report } from "./field-path.ts";
import { checkJwks } from "./jwks-text.ts";
import type { JwtRule } from "./resource.ts";
import { closed, text, texts } from "./schema.ts";

type Strings = readonly string[];

export interface RawJwtRule {
  readonly issuer?: string;
  readonly audiences?: Strings;
  readonly jwksUri?: string;
  /** The other name that the CustomResourceDefinition knows for the same field. */
  readonly jwks_uri?: string;
  readonly jwks?: string;
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams?: Strings;
  readonly fromCookies?: Strings;
  readonly forwardOriginalToken?: boolean;
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders?: readonly { readonly header: string; readonly claim: string }[];
  readonly spaceDelimitedClaims?: Strings;
  readonly timeout?: string;
}

const uri = { ...text, maxLength: 2048 };
const list = (item: object) => ({ type: "array", items: item });

export const jwtRuleSchema = closed({
  issuer: text,
  audiences: texts(),
  jwksUri: uri,
  jwks_uri: uri,
  jwks: { type: "string" },
  fromHeaders: list(closed({ name: text, prefix: { type: "string" } }, ["name"])),
  fromParams: texts(),
  fromCookies: texts(),
  forwardOriginalToken: { type: "boolean" },
  outputPayloadToHeader: { type: "string" },
  outputClaimToHeaders: list(closed({ header: text, claim: text }, ["header", "claim"])),
  spaceDelimitedClaims: texts({ maxItems: 64 }),
  timeout: text,
});

const DEFAULT_TIMEOUT_MS = 5000;
/** Istio's strict form for names that it writes. */
const OUTPUT_HEADER = /^[-_A-Za-z0-9]+$/;
/** RFC 9110 §5.6.2 `token`: anything else never is a header of a request. */
export const HEADER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function readJwtRule(raw: RawJwtRule, report: Report): JwtRule {
  const { issuer = "", jwks = "", outputPayloadToHeader: payloadHeader = "" } = raw;
  const jwksUri = raw.jwksUri ?? raw.jwks_uri;
  if (issuer === "" && jwksUri === undefined) report([], "`issuer` or `jwksUri` must be set");
  if (raw.jwksUri !== undefined && raw.jwks_uri !== undefined) report(["jwks_uri"], "is the same field as `jwksUri`");
  if (jwksUri !== undefined) {
    if (jwks !== "") report(["jwks"], "only one of `jwks` and `jwksUri` may be set");
    if (!isHttpUrl(jwksUri)) report(["jwksUri"], `\`${jwksUri}\` is no http or https URL`);
  }
  if (jwks !== "") checkJwks(jwks, (_, ...rest) => report(["jwks"], ...rest));
  for (const [index, { name }] of (raw.fromHeaders ?? []).entries()) {
    if (!HEADER.test(name)) report(["fromHeaders", index, "name"], `\`${name}\` is no header name`);
  }
  for (const [index, { header }] of (raw.outputClaimToHeaders ?? []).entries()) {
    if (!OUTPUT_HEADER.test(header))
      report(["outputClaimToHeaders", index, "header"], `\`${header}\` is no header name`);
  }
  if (payloadHeader !== "" && !HEADER.test(payloadHeader)) {
    report(["outputPayloadToHeader"], `\`${payloadHeader}\` is no header name`);
  }
  return {
    issuer,
    audiences: raw.audiences ?? [],
    jwksUri,
    jwks: jwks === "" ? undefined : jwks,
    fromHeaders: (raw.fromHeaders ?? []).map(({ name, prefix = "" }) => ({ name, prefix })),
    fromParams: raw.fromParams ?? [],
    fromCookies: raw.fromCookies ?? [],
    forwardOriginalToken: raw.forwardOriginalToken ?? false,
    outputPayloadToHeader: payloadHeader === "" ? undefined : payloadHeader,
    outputClaimToHeaders: raw.outputClaimToHeaders ?? [],
    spaceDelimitedClaims: raw.spaceDelimitedClaims ?? [],
    timeoutMs: readTimeout(raw.timeout, report),
  };
}

function readTimeout(timeout: string | undefined, report: Report): number {
  if (timeout === undefined) return DEFAULT_TIMEOUT_MS;
  const ms = parseDuration(timeout);
  if (ms === undefined || ms < 1)
    report(["timeout"], `\`${timeout}\` is no duration of at least 1ms`, "for example 5s");
  return ms ?? DEFAULT_TIMEOUT_MS;
}

/** The URL parser mends what it is given (spaces, missing slashes), so the form is checked before it may. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s/?#][^\s]*$/i.test(text) && URL.canParse(text);
}
