/**
 * In: the facts of a request. Out: the attributes by the names of `vocabulary.ts`. Pure; once per request that needs them.
 * What a request does not have is left out, never empty: reading it is an error, and an error fails closed.
 * Everything from outside becomes a Map or a list here, so that a claim named `constructor` is only a name.
 */
import type { CelInput } from "@bufbuild/cel";
import type { JsonObject, JsonValue, Peer, RequestModel } from "../../model.ts";
import type { Facts } from "../facts.ts";

export type CelAttributes = { readonly [name: string]: CelInput };

type Members = Iterable<readonly [name: string, value: CelInput | undefined]>;

export function attributesOf(facts: Facts): CelAttributes {
  const { request } = facts;
  const attributes: { [name: string]: CelInput } = Object.create(null);
  attributes["request"] = requestAttributes(facts);
  attributes["source"] = sourceAttributes(request);
  attributes["remote"] = present([["ip", request.remoteAddress?.text]]);
  attributes["destination"] = present([
    ...peerAttributes(request.destination),
    ["namespace", request.workload.namespace],
    ["workload", request.workload.name],
    ["labels", request.workload.labels],
  ]);
  attributes["connection"] = connectionAttributes(request);
  attributes["metadata"] = present([["filter_metadata", mapOf(request.metadata)]]);
  return attributes;
}

function present(members: Members): ReadonlyMap<string, CelInput> {
  const map = new Map<string, CelInput>();
  for (const [name, value] of members) if (value !== undefined) map.set(name, value);
  return map;
}

function requestAttributes({ request, payload }: Facts): CelInput {
  const auth = authAttributes(payload);
  if (request.protocol === "tcp") return present([["auth", auth]]);
  // CEL knows maps by their class.
  const headers = new Map(request.headers);
  const joined = new Map([...headers].map(([name, lines]) => [name, lines.join(",")]));
  return present([
    ["method", request.method],
    ["path", request.path],
    ["url_path", request.path],
    ["query", request.query],
    ["scheme", request.scheme],
    ["host", request.host],
    ["id", request.requestId],
    ["referer", joined.get("referer")],
    ["useragent", joined.get("user-agent")],
    ["headers", joined],
    ["header_values", headers],
    ["auth", auth],
  ]);
}

function authAttributes(payload: JsonObject | undefined): CelInput | undefined {
  if (payload === undefined) return undefined;
  const text = (claim: string): string | undefined => {
    const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const [issuer, subject] = [text("iss"), text("sub")];
  return present([
    ["principal", issuer === undefined || subject === undefined ? undefined : `${issuer}/${subject}`],
    ["audiences", audiencesOf(payload)],
    ["presenter", text("azp")],
    ["claims", celOf(payload)],
  ]);
}

function audiencesOf(payload: JsonObject): readonly string[] | undefined {
  const value = Object.hasOwn(payload, "aud") ? payload["aud"] : undefined;
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

function peerAttributes({ address, port }: Peer): Members {
  const host = address?.text.includes(":") ? `[${address.text}]` : address?.text;
  return [
    ["address", host === undefined ? undefined : `${host}:${port}`],
    ["ip", address?.text],
    ["port", BigInt(port)],
  ];
}

/** Only `td/ns/N/sa/S` has a namespace and an account; another SPIFFE identity has none. */
function sourceAttributes({ source, sourcePrincipal }: RequestModel): CelInput {
  const parts = sourcePrincipal?.split("/") ?? [];
  const isIstio = parts.length === 5 && parts[1] === "ns" && parts[3] === "sa";
  return present([
    ...peerAttributes(source),
    ["principal", sourcePrincipal],
    ["trust_domain", parts[0]],
    ["namespace", isIstio ? parts[2] : undefined],
    ["service_account", isIstio ? parts[4] : undefined],
  ]);
}

function connectionAttributes({ sni, sourcePrincipal, peerCertificate }: RequestModel): CelInput {
  const name = sni === "" ? undefined : sni;
  return present([
    ["mtls", sourcePrincipal !== undefined || peerCertificate !== undefined],
    ["sni", name],
    ["requested_server_name", name],
    ["uri_san_peer_certificate", sourcePrincipal === undefined ? undefined : `spiffe://${sourcePrincipal}`],
  ]);
}

function mapOf(members: ReadonlyMap<string, JsonObject>): CelInput {
  return new Map([...members].map(([name, value]) => [name, celOf(value)]));
}

/** Numbers stay doubles, as in protobuf's Struct. */
function celOf(value: JsonValue): CelInput {
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(celOf);
  return new Map(Object.entries(value).map(([name, member]) => [name, celOf(member)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
