/**
 * Where one issuer's JWKS is: at a URI, or where OIDC discovery says (OpenID Connect Discovery 1.0 §4). In: the place, a
 * bounded fetch. Out: the JWKS as text and the URL it came from, or why not. Effects: through the fetch only.
 */

import { displayUrl } from "../resources/display-url.ts";
import { err, ok, type Result } from "../result.ts";
import type { JwksAnswer, JwksFetch, JwksRequest } from "./jwks-answer.ts";
import { member, parseStrictObject } from "./strict-json.ts";

export type Place =
  | { readonly kind: "uri"; readonly uri: string }
  | { readonly kind: "discovery"; readonly issuer: string };

/** An ETag belongs to one URL: after the issuer moved its keys, the same one may mean another document (RFC 9110 §8.8.3). */
export interface Validator {
  readonly url: string;
  readonly etag: string;
}

export interface DocumentBounds extends Pick<JwksRequest, "maxBytes" | "signal"> {
  /** Of the last good answer; undefined = none. */
  readonly validator: Validator | undefined;
}

export type Located = JwksAnswer & { readonly url: string };

/** The address that is asked first; it names the place in maps and files. */
export function addressOf(place: Place): string {
  if (place.kind === "uri") return place.uri;
  return `${place.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** The address for people, without what may be secret. */
export function displayOf(place: Place): string {
  return displayUrl(addressOf(place));
}

export async function fetchDocument(
  place: Place,
  bounds: DocumentBounds,
  fetch: JwksFetch,
  maxDepth: number,
): Promise<Result<Located, string>> {
  if (place.kind === "uri") return fetchAt(place.uri, bounds, fetch);
  const { maxBytes, signal } = bounds;
  const configuration = await fetch({ maxBytes, signal, etag: "", url: addressOf(place) });
  if (!configuration.ok) return err(`discovery: ${configuration.error}`);
  const text = configuration.value.kind === "document" ? configuration.value.text : "";
  const uri = readConfiguration(text, place.issuer, maxDepth);
  return uri.ok ? fetchAt(uri.value, bounds, fetch) : uri;
}

async function fetchAt(
  url: string,
  { validator, ...bounds }: DocumentBounds,
  fetch: JwksFetch,
): Promise<Result<Located, string>> {
  const etag = validator?.url === url ? validator.etag : "";
  const answer = await fetch({ ...bounds, etag, url });
  return answer.ok ? ok({ ...answer.value, url }) : answer;
}

/** The `jwks_uri` of an OpenID provider's configuration, or why it is not to be trusted. */
export function readConfiguration(text: string, issuer: string, maxDepth: number): Result<string, string> {
  const document = parseStrictObject(text, maxDepth);
  if (document === undefined) return err("discovery: not JSON");
  // §4.3: it must be the very issuer. Otherwise whoever can answer for one URL speaks for any issuer.
  if (member(document, "issuer") !== issuer) return err("discovery: the document is of another issuer");
  const uri = member(document, "jwks_uri");
  if (typeof uri !== "string") return err("discovery: no jwks_uri");
  if (issuer.startsWith("https:") && !uri.startsWith("https:")) return err("discovery: jwks_uri leaves https");
  return ok(uri);
}
