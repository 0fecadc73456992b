/**
 * A header map as Envoy keeps it: names lower-case, lines in order, pseudo-headers first, custom headers as separate lines,
 * and the headers that Envoy knows by heart joined into one line. No effects; the lines are changed in place.
 */
import { type Bytes, toBytes, toText } from "./bytes.ts";

export interface Line {
  name: string;
  value: Uint8Array;
}
/** A line as a test writes it. */
export type HeaderInput = readonly [name: Bytes, value: Bytes];
/** A line as a test reads it. */
export type Header = readonly [name: string, value: string];

// Envoy's O(1) headers: a second line is appended to the first. Measured on Envoy 1.40.0 by the conformance table, the
// connection headers from source/common/http/headers.h.
const JOINED = new Set(
  (
    ":authority :method :path :scheme :protocol :status accept accept-encoding access-control-request-headers " +
    "access-control-request-method authorization cache-control connection content-encoding content-length content-type " +
    "expect grpc-accept-encoding grpc-timeout if-match if-modified-since if-none-match keep-alive origin pragma " +
    "proxy-connection proxy-status referer te transfer-encoding upgrade user-agent via x-client-trace-id " +
    "x-envoy-decorator-operation x-envoy-internal x-envoy-original-path x-forwarded-client-cert x-forwarded-for " +
    "x-forwarded-host x-forwarded-port x-forwarded-proto x-request-id"
  ).split(" "),
);

export function lowerName(name: Uint8Array): string {
  return Buffer.from(name)
    .toString("latin1")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function headerMap(input: readonly HeaderInput[]): Line[] {
  const lines: Line[] = [];
  for (const [name, value] of input) addLine(lines, lowerName(toBytes(name)), toBytes(value));
  return lines;
}

/** In request headers, and only there, "host" is another name of ":authority". */
export function requestMap(input: readonly HeaderInput[]): Line[] {
  return headerMap(input.map(([name, value]) => [Buffer.from(requestName(lowerName(toBytes(name))), "latin1"), value]));
}

export function requestName(lower: string): string {
  return lower === "host" ? ":authority" : lower;
}

export function addLine(lines: Line[], name: string, value: Uint8Array): void {
  const known = JOINED.has(name) ? lines.find((line) => line.name === name) : undefined;
  if (known) {
    known.value = Buffer.concat([known.value, Buffer.from(","), value]);
    return;
  }
  const line = { name, value: value.slice() };
  if (!name.startsWith(":")) lines.push(line);
  else lines.splice(lines.filter((other) => other.name.startsWith(":")).length, 0, line);
}

/** One line in place of all; it stands where the first stood. */
export function setLine(lines: Line[], name: string, value: Uint8Array): void {
  const first = lines.find((line) => line.name === name);
  if (!first) {
    addLine(lines, name, value);
    return;
  }
  first.value = value.slice();
  keep(lines, (line) => line === first || line.name !== name);
}

export function removeLines(lines: Line[], name: string): void {
  keep(lines, (line) => line.name !== name);
}

export function replaceAll(lines: Line[], next: readonly Line[]): void {
  lines.length = 0;
  for (const { name, value } of next) addLine(lines, name, value);
}

export function firstValue(lines: readonly Line[], name: string): Uint8Array | undefined {
  return lines.find((line) => line.name === name)?.value;
}

export function byteSize(lines: readonly Line[]): number {
  return lines.reduce((size, { name, value }) => size + name.length + value.length, 0);
}

export function readable(lines: readonly Line[]): Header[] {
  return lines.map(({ name, value }) => [toText(Buffer.from(name, "latin1")), toText(value)] as const);
}

function keep(lines: Line[], wanted: (line: Line) => boolean): void {
  const kept = lines.filter(wanted);
  lines.length = 0;
  lines.push(...kept);
}
