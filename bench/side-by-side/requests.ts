/**
 * What is sent, made once before anything is timed. In: tokens, the load client. Out: exchanges where the client finds them.
 * Effects: the client's files.
 */

import { CHECK_PATH, checkRequest, grpcFrame } from "../load/check-request.ts";
import { type Exchange, exchange, type HeaderLine } from "../load/http2-frames.ts";
import type { Loader, Packed } from "../load/loader.ts";
import type { CheckServer } from "../peers/check-server.ts";
import { HOST, METHOD, PATH } from "../peers/work.ts";

/** A Check over gRPC for each token, as Envoy would send it to this server. */
export function packChecks(
  loader: Loader,
  name: string,
  tokens: readonly string[],
  { encodeRawHeaders }: Pick<CheckServer, "encodeRawHeaders">,
  headers = 10,
): Promise<Packed> {
  const lines: readonly HeaderLine[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", CHECK_PATH],
    [":authority", "check.example"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
  return loader.pack(`${name}-${headers}-${encodeRawHeaders ? "raw" : "joined"}`, () =>
    tokens.map((token) => {
      const request = checkRequest({ token, path: PATH, method: METHOD, encodeRawHeaders, headers });
      return exchange(lines, grpcFrame(request));
    }),
  );
}

/** A GET through Envoy for each token. */
export function packGets(loader: Loader, name: string, tokens: readonly string[]): Promise<Packed> {
  return loader.pack(`${name}-get`, () => tokens.map(get));
}

function get(token: string): Exchange {
  return exchange(
    [[":method", METHOD], [":scheme", "http"], [":path", PATH], [":authority", HOST], ...headersOf(token)],
    undefined,
  );
}

/** Ten header lines, as a browser sends them. */
export function headersOf(token: string): readonly HeaderLine[] {
  return [
    ["authorization", `Bearer ${token}`],
    ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
    ["accept", "application/json, text/plain, */*"],
    ["accept-encoding", "gzip, deflate, br, zstd"],
    ["accept-language", "en-US,en;q=0.5"],
    ["referer", "https://shop.example.com/orders"],
    ["sec-fetch-dest", "empty"],
    ["sec-fetch-mode", "cors"],
    ["sec-fetch-site", "same-site"],
    ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
  ];
}

/** The same request with so many header lines. */
export function padded(lines: readonly HeaderLine[], count: number): readonly HeaderLine[] {
  const more = Array.from({ length: Math.max(0, count - lines.length) }, (_, n): HeaderLine => {
    return [`x-custom-${n}`, `value of header ${n}, of some length`];
  });
  return [...lines, ...more];
}
