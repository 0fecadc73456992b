/**
 * The converter in: a decoded CheckRequest becomes `Incoming`. The only place that knows the request's wire shape.
 * Total: whatever the bytes said, a value comes out; what a missing field means is decided here. Pure.
 *
 * Source: envoy.service.auth.v3 AttributeContext; unset fields are absent (protos.ts).
 */
import type { JsonObject, JsonValue } from "../model.ts";
import type { Incoming, IncomingHttp, IncomingPeer } from "../request/incoming.ts";

interface WireStruct {
  readonly fields?: Readonly<Record<string, WireValue>>;
}
interface WireValue {
  readonly nullValue?: number;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: WireStruct;
  readonly listValue?: { readonly values?: readonly WireValue[] };
}
interface WirePeer {
  readonly address?: { readonly socket_address?: { readonly address?: string; readonly port_value?: number } };
  readonly principal?: string;
  readonly certificate?: string;
}
interface WireHeader {
  readonly key?: string;
  readonly value?: string;
  readonly raw_value?: Buffer;
}
interface WireHttp {
  readonly id?: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly scheme?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly header_map?: { readonly headers?: readonly WireHeader[] };
}
export interface WireCheckRequest {
  readonly attributes?: {
    readonly source?: WirePeer;
    readonly destination?: WirePeer;
    readonly request?: { readonly http?: WireHttp };
    readonly context_extensions?: Readonly<Record<string, string>>;
    readonly metadata_context?: { readonly filter_metadata?: Readonly<Record<string, WireStruct>> };
    readonly tls_session?: { readonly sni?: string };
  };
}

export function fromCheckRequest(wire: WireCheckRequest): Incoming {
  const attributes = wire.attributes ?? {};
  const http = attributes.request?.http;
  return {
    source: peer(attributes.source),
    destination: peer(attributes.destination),
    http: http === undefined ? undefined : readHttp(http),
    sni: attributes.tls_session?.sni ?? "",
    contextExtensions: new Map(Object.entries(attributes.context_extensions ?? {})),
    metadata: new Map(
      Object.entries(attributes.metadata_context?.filter_metadata ?? {}).map(([name, struct]) => [
        name,
        readStruct(struct, MAX_DEPTH),
      ]),
    ),
  };
}

function peer(wire: WirePeer | undefined): IncomingPeer {
  const socket = wire?.address?.socket_address;
  return {
    address: socket?.address ?? "",
    port: socket?.port_value ?? 0,
    principal: wire?.principal ?? "",
    certificate: wire?.certificate ?? "",
  };
}

function readHttp(wire: WireHttp): IncomingHttp {
  return {
    id: wire.id ?? "",
    method: wire.method ?? "",
    target: wire.path ?? "",
    host: wire.host ?? "",
    scheme: wire.scheme ?? "",
    headers: readHeaders(wire),
  };
}

/**
 * Every line is kept: `header_map` has them apart (encode_raw_headers), `headers` joined. Envoy fills one of the two;
 * were both filled, both count, so that nothing hides in the one that is not read. Bytes that are not UTF-8 become
 * U+FFFD, as in Envoy's joined map (CVE-2023-27488: never throw on them). Pseudo headers come from their own fields.
 */
function readHeaders(wire: WireHttp): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  const add = (key: string, value: string): void => {
    if (key === "" || key.startsWith(":")) return;
    const name = key.toLowerCase();
    const lines = headers.get(name);
    if (lines === undefined) headers.set(name, [value]);
    else lines.push(value);
  };
  for (const header of wire.header_map?.headers ?? []) {
    const raw = header.raw_value?.toString("utf8") ?? "";
    const value = header.value ?? "";
    if (raw !== "") add(header.key ?? "", raw);
    // Envoy fills one of the two. Were both filled and different, both count.
    if (raw === "" || (value !== "" && value !== raw)) add(header.key ?? "", value);
  }
  for (const [key, value] of Object.entries(wire.headers ?? {})) add(key, value);
  return headers;
}

// Envoy's own metadata is shallow; what is deeper is dropped, not followed.
const MAX_DEPTH = 16;

function readStruct(struct: WireStruct, depth: number): JsonObject {
  const out: Record<string, JsonValue> = Object.create(null);
  for (const [name, value] of Object.entries(struct.fields ?? {})) out[name] = readValue(value, depth - 1);
  return out;
}

function readValue(value: WireValue, depth: number): JsonValue {
  if (depth <= 0) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.numberValue !== undefined) return value.numberValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.structValue !== undefined) return readStruct(value.structValue, depth);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map((item) => readValue(item, depth - 1));
  return null;
}
