/**
 * In: the facts of a request. Out: the input document of opa-envoy-plugin, as JSON, so that Rego written for it runs
 * unchanged; or why it cannot be made. Pure.
 * Source: opa-envoy-plugin "Input Document": a CheckRequest in protobuf's JSON (empty fields left out), and beside it
 * `parsed_path`, `parsed_query`, `parsed_body` (null: bodies are not looked at), `truncated_body`, `version`.
 * The path is the normalized one that every other policy sees.
 */
import type { JsonObject, JsonValue, Peer, RequestModel } from "../../model.ts";
import { err, ok, type Result } from "../../result.ts";
import type { Facts } from "../facts.ts";

type Fields = { readonly [name: string]: JsonValue | undefined };

export function inputDocument({ request, payload }: Facts): Result<string, string> {
  const parsedPath = parsePath(request.path);
  if (parsedPath === undefined) return err("the path cannot be taken apart");
  const { sourcePrincipal, peerCertificate, sni, protocol } = request;
  const principal = sourcePrincipal === undefined ? undefined : `spiffe://${sourcePrincipal}`;
  const certificate = peerCertificate === undefined ? undefined : encodeURIComponent(peerCertificate);
  return ok(
    JSON.stringify({
      attributes: written({
        source: written({ ...peer(request.source), principal, certificate }),
        destination: written(peer(request.destination)),
        request: protocol === "tcp" ? {} : { http: http(request) },
        contextExtensions: contextExtensions(request),
        metadataContext: metadataContext(request, payload),
        routeMetadataContext: {},
        tlsSession: sni === "" ? undefined : { sni },
      }),
      parsed_path: parsedPath,
      parsed_query: parseQuery(request.query),
      parsed_body: null,
      truncated_body: false,
      version: { encoding: "protojson", ext_authz: "v3" },
    }),
  );
}

/** Without what is undefined or "": protobuf's JSON does not write defaults. Null prototype: names come from outside. */
function written(fields: Fields): JsonObject {
  const object: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== "") object[name] = value;
  return object;
}

function peer({ address, port }: Peer): Fields {
  if (address === undefined) return {};
  return { address: { socketAddress: { address: address.text, ...(port === 0 ? {} : { portValue: port }) } } };
}

function http(request: RequestModel): JsonObject {
  const { requestId, method, path, query, host, scheme } = request;
  const target = query === "" ? path : `${path}?${query}`;
  const headers: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, lines] of request.headers) headers[name] = lines.join(",");
  const pseudo = written({ ":authority": host, ":method": method, ":path": target, ":scheme": scheme });
  return written({ id: requestId, method, headers: Object.assign(headers, pseudo), path: target, host, scheme });
}

/** As far as they tell of the workload. */
function contextExtensions({ workload }: RequestModel): JsonObject {
  const labels = [...workload.labels].map(([name, value]) => [`label.${name}`, value] as const);
  return written(Object.fromEntries([["namespace", workload.namespace], ["workload", workload.name], ...labels]));
}

const JWT_FILTER = "envoy.filters.http.jwt_authn";

/** Verified claims stand where Envoy's own JWT filter would put them with `payload_in_metadata: verified_jwt`. */
function metadataContext(request: RequestModel, payload: JsonObject | undefined): JsonObject {
  const filters: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, value] of request.metadata) filters[name] = value;
  if (payload !== undefined) filters[JWT_FILTER] = { ...request.metadata.get(JWT_FILTER), verified_jwt: payload };
  return Object.keys(filters).length === 0 ? {} : { filterMetadata: filters };
}

/** Go's `url.Parse(path).Path` without its leading slashes, at each slash. `//host` would be read as an authority. */
function parsePath(path: string): readonly string[] | undefined {
  if (path.startsWith("//")) return undefined;
  try {
    return decodeURIComponent(path).replace(/^\/+/, "").split("/");
  } catch {
    return undefined;
  }
}

/** Go's `url.ParseQuery`: pairs that cannot be decoded, or that hold a `;`, are left out. */
function parseQuery(query: string): JsonObject {
  const values: { [name: string]: string[] } = Object.create(null);
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = decode(equals < 0 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined) continue;
    const known = values[name];
    if (known === undefined) values[name] = [value];
    else known.push(value);
  }
  return values;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
