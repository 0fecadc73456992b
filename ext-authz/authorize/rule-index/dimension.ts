/**
 * What rules can be told apart by. In: the field of a clause. Out: the keys under which the clause's values are filed, and
 * the texts by which a request finds them. Pure.
 * The one promise: if the clause holds for the facts, one of the texts fits one of the keys. A key may be coarser than
 * its value (then a rule is tried in vain), never finer (then a DENY would be overlooked). What cannot keep the promise
 * has no key, and its rule is always tried.
 */
import type { MeshSettings } from "../../config/settings.ts";
import type { IpAddress, JsonValue } from "../../model.ts";
import { parseCidr } from "../cidr.ts";
import { claimAt, insideBrackets, parseClaimPath } from "../claim.ts";
import type { Facts } from "../facts.ts";
import { parsePort } from "../field.ts";
import { isPathTemplate } from "../path-template.ts";
import { asciiLowerCase } from "../string-pattern.ts";
import { expandPrincipals } from "../trust-domain.ts";
import type { PatternKey } from "./pattern-map.ts";
import { type PeerPart, peerParts } from "./peer-parts.ts";

export interface Dimension {
  /** One name for a source field and the condition that means the same. */
  readonly name: string;
  /** undefined = a value that any text may fit. */
  readonly keysOf: (value: string) => readonly PatternKey[] | undefined;
  readonly textsOf: (facts: Facts) => readonly string[];
}

type TrustDomains = Pick<MeshSettings, "trustDomain" | "trustDomainAliases">;

const SAME: ReadonlyMap<string, string> = new Map([
  ["source.ip", "source.ipBlocks"],
  ["remote.ip", "source.remoteIpBlocks"],
  ["source.namespace", "source.namespaces"],
  ["source.principal", "source.principals"],
  ["source.serviceAccount", "source.serviceAccounts"],
  ["request.auth.principal", "source.requestPrincipals"],
  ["request.auth.audiences", "request.auth.claims[aud]"],
  ["request.auth.presenter", "request.auth.claims[azp]"],
  ["destination.port", "operation.ports"],
]);

/** @param field as `Clause.field`. @returns undefined for a field that no index helps with */
export function dimensionOf(field: string, mesh: TrustDomains): Dimension | undefined {
  const name = SAME.get(field) ?? field;
  const text = (textsOf: Dimension["textsOf"]): Dimension => ({ name, keysOf: patternKeys, textsOf });
  switch (name) {
    case "operation.paths":
      return { name, keysOf: pathKeys, textsOf: ({ request }) => [request.path] };
    case "operation.methods":
      return text(({ request }) => [request.method]);
    case "operation.hosts":
      return { name, keysOf: (host) => patternKeys(asciiLowerCase(host)), textsOf: ({ host }) => given(host) };
    case "operation.ports":
      return { name, keysOf: portKeys, textsOf: ({ request }) => [String(request.destination.port)] };
    case "source.principals": {
      const keysOf = (value: string) => union(expandPrincipals([value], mesh).map(patternKeys));
      return { name, keysOf, textsOf: ({ request }) => given(request.sourcePrincipal) };
    }
    case "source.namespaces":
      return { name, keysOf: segmentKeys, textsOf: (facts) => partsOf(facts, "ns") };
    case "source.serviceAccounts":
      return {
        name,
        keysOf: (value) => segmentKeys(value.slice(value.indexOf("/") + 1)),
        textsOf: (facts) => partsOf(facts, "sa"),
      };
    case "source.requestPrincipals":
      return { name, keysOf: requestPrincipalKeys, textsOf: requestPrincipalsOf };
    case "source.ipBlocks":
      return { name, keysOf: blockKeys, textsOf: ({ request }) => bitsOf(request.source.address) };
    case "source.remoteIpBlocks":
      return { name, keysOf: blockKeys, textsOf: ({ request }) => bitsOf(request.remoteAddress) };
    case "destination.ip":
      return { name, keysOf: blockKeys, textsOf: ({ request }) => bitsOf(request.destination.address) };
    case "connection.sni":
      return text(({ request }) => [request.sni]);
  }
  if (name.startsWith("request.headers")) return headerDimension(name);
  if (name.startsWith("request.auth.claims")) return claimDimension(name);
  return undefined;
}

function headerDimension(name: string): Dimension | undefined {
  const header = asciiLowerCase(insideBrackets(name.slice("request.headers".length)) ?? "");
  // Pseudo headers are put together from other attributes.
  if (header === "" || header === "host" || header.startsWith(":")) return undefined;
  const textsOf = ({ request }: Facts) => request.headers.get(header) ?? [];
  return { name: `request.headers[${header}]`, keysOf: patternKeys, textsOf };
}

function claimDimension(name: string): Dimension | undefined {
  const path = parseClaimPath(name.slice("request.auth.claims".length));
  if (path === undefined) return undefined;
  const textsOf = ({ payload }: Facts) => (payload === undefined ? [] : stringsIn(claimAt(payload, path)));
  return { name, keysOf: patternKeys, textsOf };
}

function stringsIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** As `anyPattern` reads a value. */
function patternKeys(value: string): readonly PatternKey[] | undefined {
  if (value === "*") return undefined;
  if (value.startsWith("*")) return [`$${value.slice(1)}`];
  return [value.endsWith("*") ? `^${value.slice(0, -1)}` : `=${value}`];
}

function pathKeys(value: string): readonly PatternKey[] | undefined {
  return isPathTemplate(value) ? [`^${value.slice(0, value.indexOf("{"))}`] : patternKeys(value);
}

function portKeys(value: string): readonly PatternKey[] {
  return [`=${parsePort(value) ?? ""}`];
}

/** One whole segment of an identity; a value that could span several fits any. */
function segmentKeys(value: string): readonly PatternKey[] | undefined {
  return value.includes("*") || value.includes("/") ? undefined : [`=${value}`];
}

/** `iss/sub` as one text: coarser than the pair, which `requestPrincipalTest` compares apart. */
function requestPrincipalKeys(value: string): readonly PatternKey[] | undefined {
  const whole = !value.includes("/") && !value.startsWith("*") && !value.endsWith("*");
  return whole ? [`=${value}/`] : patternKeys(value);
}

function requestPrincipalsOf({ payload }: Facts): readonly string[] {
  if (payload === undefined) return [];
  const [issuer] = stringsIn(claimAt(payload, ["iss"]));
  const [subject] = stringsIn(claimAt(payload, ["sub"]));
  return issuer === undefined || subject === undefined ? [] : [`${issuer}/${subject}`];
}

/** A block is the prefix of its addresses, in bits after the family. */
function blockKeys(value: string): readonly PatternKey[] | undefined {
  const block = parseCidr(value);
  return block === undefined ? undefined : [`^${bits(block.bytes).slice(0, 1 + block.bits)}`];
}

function bitsOf(address: IpAddress | undefined): readonly string[] {
  return address === undefined ? [] : [bits(address.bytes)];
}

function bits(bytes: Uint8Array): string {
  let text = bytes.length === 4 ? "4" : "6";
  for (const byte of bytes) text += byte.toString(2).padStart(8, "0");
  return text;
}

function partsOf({ request }: Facts, part: PeerPart): readonly string[] {
  return request.sourcePrincipal === undefined ? [] : peerParts(request.sourcePrincipal, part);
}

function union(lists: readonly (readonly PatternKey[] | undefined)[]): readonly PatternKey[] | undefined {
  return lists.includes(undefined) ? undefined : lists.flatMap((keys) => keys ?? []);
}

function given(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}
