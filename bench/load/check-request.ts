/**
 * CheckRequests as Envoy sends them, for load. In: a token, a path, how many headers. Out: the message's bytes, and the
 * same in a gRPC frame. Deterministic. About 1.4 kB with a token of 700 characters and ten headers.
 */
import { authorizationService } from "../../ext-authz/transport/protos.ts";

export interface CheckRequestOptions {
  /** Compact JWS, sent as bearer; "" = no authorization header. */
  readonly token: string;
  /** Header lines in all, pseudo headers not counted; default 10, at least as many as there are names below. */
  readonly headers?: number;
  /** Default `/orders/17/lines?page=2`. */
  readonly path?: string;
  /** Default GET. */
  readonly method?: string;
  /** Default true: every line apart with raw bytes (`encode_raw_headers`); false = the joined map, for peers that read only that. */
  readonly encodeRawHeaders?: boolean;
  /** The route's `context_extensions`; default none. */
  readonly contextExtensions?: Readonly<Record<string, string>>;
}

const HOST = "orders.example.com";

/** What a browser's request looks like behind an edge. */
const ALWAYS: readonly (readonly [name: string, value: string])[] = [
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  ["accept", "application/json, text/plain, */*"],
  ["accept-encoding", "gzip, deflate, br, zstd"],
  ["accept-language", "en-US,en;q=0.5"],
  ["x-forwarded-for", "203.0.113.7"],
  ["x-forwarded-proto", "https"],
  ["x-request-id", "7f8e2c1a-5b0d-4e43-9a37-0d3c8f1b6a52"],
  ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
  ["x-envoy-external-address", "203.0.113.7"],
];

/** `envoy.service.auth.v3.CheckRequest`, serialized. */
export function checkRequest(options: CheckRequestOptions): Buffer {
  const { token, headers = 10, path = "/orders/17/lines?page=2", method = "GET", encodeRawHeaders = true } = options;
  const lines = [
    [":authority", HOST],
    [":path", path],
    [":method", method],
    [":scheme", "https"],
    ...(token === "" ? [] : [["authorization", `Bearer ${token}`]]),
    ...ALWAYS,
  ] as const;
  const more = Math.max(0, headers - (lines.length - 4));
  const all = [
    ...lines,
    ...Array.from({ length: more }, (_, n) => [`x-custom-${n}`, `value of header ${n}, of some length`]),
  ];
  const http = {
    id: "14820513904817263745",
    method,
    path,
    host: HOST,
    scheme: "https",
    protocol: "HTTP/2",
    ...(encodeRawHeaders
      ? { header_map: { headers: all.map(([key, value = ""]) => ({ key, raw_value: Buffer.from(value) })) } }
      : { headers: Object.fromEntries(all) }),
  };
  const peer = (address: string, port: number) => ({ address: { socket_address: { address, port_value: port } } });
  const attributes = {
    source: peer("203.0.113.7", 41_732),
    destination: peer("10.20.0.5", 8443),
    request: { http },
    context_extensions: options.contextExtensions ?? {},
    metadata_context: {},
    tls_session: { sni: HOST },
  };
  const serialize = authorizationService["Check"]?.requestSerialize;
  if (serialize === undefined) throw new Error("no Check in the protos");
  return serialize({ attributes });
}

/** As it goes into an HTTP/2 body: one uncompressed gRPC message. For `h2load --data`. */
export function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Where it is posted; with `content-type: application/grpc` and `te: trailers`. */
export const CHECK_PATH = "/envoy.service.auth.v3.Authorization/Check";
