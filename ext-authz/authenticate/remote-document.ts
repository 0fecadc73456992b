/**
 * Where one issuer's JWKS is: at a URI, or where OIDC discovery says (OpenID Connect Discovery 1.0 §4). In: the place, a
 * bounded fetch. Out: the JWKS as text, or why not. Effects: through the fetch only.
 */
import { err, ok, type Result } from "../result.ts";
import type { JwksAnswer, JwksFetch, JwksRequest } from "./jwks-answer.ts";
import { member, parseStrictObject } from "./strict-json.ts";

export type Place =
  | { readonly kind: "uri"; readonly uri: string }
  | { readonly kind: "discovery"; readonly issuer: string };

/** The address that names the place in logs, state and maps. */
export function addressOf(place: Place): string {
  if (place.kind === "uri") return place.uri;
  return `${place.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

export async function fetchDocument(
  place: Place,
  bounds: Omit<JwksRequest, "url">,
  fetch: JwksFetch,
  maxDepth: number,
): Promise<Result<JwksAnswer, string>> {
  if (place.kind === "uri") return fetch({ ...bounds, url: place.uri });
  const configuration = await fetch({ ...bounds, etag: "", url: addressOf(place) });
  if (!configuration.ok) return err(`discovery: ${configuration.error}`);
  const text = configuration.value.kind === "document" ? configuration.value.text : "";
  const uri = readConfiguration(text, place.issuer, maxDepth);
  return uri.ok ? fetch({ ...bounds, url: uri.value }) : uri;
}

function readConfiguration(text: string, issuer: string, maxDepth: number): Result<string, string> {
  const document = parseStrictObject(text, maxDepth);
  if (document === undefined) return err("discovery: not JSON");
  // §4.3: it must be the very issuer. Otherwise whoever can answer for one URL speaks for any issuer.
  if (member(document, "issuer") !== issuer) return err("discovery: the document is of another issuer");
  const uri = member(document, "jwks_uri");
  if (typeof uri !== "string") return err("discovery: no jwks_uri");
  if (issuer.startsWith("https:") && !uri.startsWith("https:")) return err("discovery: jwks_uri leaves https");
  return ok(uri);
}
