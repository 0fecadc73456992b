/**
 * The converter in for a CheckRequest that is an object already, as files and tests have it; `decode-check-request.ts` does
 * the same with bytes. Total: whatever was in it, a value comes out; what a missing field means is decided here. Pure.
 *
 * Source: envoy.service.auth.v3 AttributeContext; unset fields are absent (protos.ts).
 */
import type { JsonObject, JsonValue } from "../model.ts";
import type { Incoming, IncomingHttp, IncomingPeer } from "../request/incoming.ts";
import { MAX_DEPTH } from "./decode-metadata.ts";
import { addLine, addRawLine, type HeaderLines } from "./header-lines.ts";

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

function readHeaders(wire: WireHttp): HeaderLines {
  const lines: HeaderLines = new Map();
  for (const { key = "", raw_value, value = "" } of wire.header_map?.headers ?? []) {
    addRawLine(lines, key, raw_value?.toString("utf8") ?? "", value);
  }
  for (const [key, value] of Object.entries(wire.headers ?? {})) addLine(lines, key, value);
  return lines;
}

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
