/**
 * A CheckRequest in JSON, as Envoy logs it or `grpcurl` prints it, becomes what the transport would have read. In: the
 * text of a file. Out: the request, or what is wrong. Pure. Field names may be in snake_case or camelCase (proto3 JSON).
 */
import type { Incoming } from "../request/incoming.ts";
import { err, ok, type Result } from "../result.ts";
import { fromCheckRequest, type WireCheckRequest } from "../transport/from-check-request.ts";

const MAX_DEPTH = 32;

/** Members below these are data, not fields: their names stay as they are. */
const MAPS: ReadonlySet<string> = new Set(["headers", "context_extensions"]);

export function readCheckRequest(text: string): Result<Incoming, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const wire = snakeCase(value, MAX_DEPTH);
  return isCheckRequest(wire) ? ok(fromCheckRequest(wire)) : err(shapeProblem(wire) ?? "is no CheckRequest");
}

function isCheckRequest(value: unknown): value is WireCheckRequest {
  return shapeProblem(value) === undefined;
}

function snakeCase(value: unknown, depth: number, key = ""): unknown {
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((item) => snakeCase(item, depth - 1));
  if (key === "filter_metadata" && isRecord(value)) return mapValues(value, (member) => struct(member, depth - 1));
  if (!isRecord(value) || MAPS.has(key)) return key === "raw_value" ? bytes(value) : value;
  const entries = Object.entries(value).map(([name, member]) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [snake, snakeCase(member, depth - 1, snake)] as const;
  });
  return Object.fromEntries(entries);
}

/** proto3 JSON writes bytes in base64. */
function bytes(value: unknown): unknown {
  return typeof value === "string" ? Buffer.from(value, "base64") : value;
}

/** proto3 JSON writes a Struct as plain JSON; the wire has its members wrapped. */
function struct(value: unknown, depth: number): unknown {
  return isRecord(value) ? { fields: mapValues(value, (member) => structValue(member, depth - 1)) } : {};
}

function structValue(value: unknown, depth: number): unknown {
  if (depth <= 0) return { nullValue: 0 };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map((item) => structValue(item, depth - 1)) } };
  return isRecord(value) ? { structValue: struct(value, depth) } : { nullValue: 0 };
}

/** The converter trusts gRPC's decoder for types; a file has none, so the texts that it reads are checked here. */
function shapeProblem(wire: unknown): string | undefined {
  const attributes = at(wire, ["attributes"]);
  if (!isRecord(attributes)) return "is no CheckRequest: it has no `attributes`";
  const http = at(attributes, ["request", "http"]);
  const texts: readonly (readonly [string, unknown])[] = [
    ["source.principal", at(attributes, ["source", "principal"])],
    ["source.certificate", at(attributes, ["source", "certificate"])],
    ["source.address.socket_address.address", at(attributes, ["source", "address", "socket_address", "address"])],
    [
      "destination.address.socket_address.address",
      at(attributes, ["destination", "address", "socket_address", "address"]),
    ],
    ["tls_session.sni", at(attributes, ["tls_session", "sni"])],
    ...["id", "method", "path", "host", "scheme"].map((name) => [`request.http.${name}`, at(http, [name])] as const),
    ...members("context_extensions", at(attributes, ["context_extensions"])),
    ...members("request.http.headers", at(http, ["headers"])),
  ];
  const wrong = texts.find(([, value]) => value !== undefined && typeof value !== "string");
  if (wrong !== undefined) return `attributes.${wrong[0]} must be text`;
  if (http !== undefined && !isRecord(http)) return "attributes.request.http must be an object";
  for (const side of ["source", "destination"]) {
    const port = at(attributes, [side, "address", "socket_address", "port_value"]);
    if (port !== undefined && typeof port !== "number") return `attributes.${side}: port_value must be a number`;
  }
  const list = at(http, ["header_map", "headers"]);
  if (list !== undefined && !Array.isArray(list)) return "attributes.request.http.header_map.headers must be a list";
  return undefined;
}

function members(path: string, value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value).map(([name, member]) => [`${path}[${name}]`, member] as const) : [];
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) found = isRecord(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  return found;
}

function mapValues(value: Record<string, unknown>, turn: (member: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, turn(member)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
