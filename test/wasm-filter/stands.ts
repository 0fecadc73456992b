/**
 * The built filter in the SDK's host: plugins with good configurations to vary, and requests to send through them. In:
 * configurations and header lines. Out: what the filter did. Time stands still at NOW unless a test moves it.
 */
import {
  createHost,
  type Header,
  type HeaderInput,
  type HeadersStep,
  type Host,
  type HostOptions,
} from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { builtFilter } from "./build-filter.ts";

/** Seconds. */
export const NOW = 1_800_000_000;
export const SECRET = Buffer.alloc(32, 7).toString("base64url");
export const OTHER_SECRET = Buffer.alloc(40, 9).toString("base64url");
const KEYS = [{ id: "k1", secret: SECRET }];

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonFields = { [name: string]: Json };

export const EDGE: JsonFields = {
  stand: "guard",
  zone: "edge",
  inbound: "edge",
  ownedHeaders: ["x-countersign-*", "txn-token", "x-user-id"],
};
export const ZONE: JsonFields = {
  ...EDGE,
  zone: "inner",
  inbound: "zone",
  stamp: { verify: true, zones: ["edge"], maxAgeSeconds: 30, clockSkewSeconds: 5, token: "txn-token", keys: KEYS },
};
export const STAMP: JsonFields = {
  stand: "stamp",
  zone: "edge",
  lifetimeSeconds: 30,
  token: "txn-token",
  sign: "k1",
  keys: KEYS,
};
export const TOKEN: JsonFields = { check: true, required: true, openPaths: ["/healthz", "/public/*"] };

let filter: Uint8Array | undefined;

export interface Clock {
  now: number;
}

export async function filterHost(
  clock: Clock = { now: NOW },
  foreignFunctions: NonNullable<HostOptions["foreignFunctions"]> = {},
): Promise<Host> {
  filter ??= builtFilter();
  let chance = 0;
  return createHost(filter, {
    foreignFunctions,
    now: () => BigInt(Math.round(clock.now * 1000)) * 1_000_000n,
    random: (target) => {
      // 1, 2, 3 …, and no 16 bytes twice.
      for (let i = 0; i < target.length; i++) target[i] = ++chance ^ ((chance >> 8) * ((i % 16) + 1));
    },
  });
}

export type Stand = (headers: readonly HeaderInput[]) => HeadersStep & { readonly outcome: string };

/** A plugin as a function: one request in, its end awaited, and `outcome` = the filter state that the stand left. */
export function stand(host: Pick<Host, "startPlugin">, configuration: JsonFields): Stand {
  const name = String(configuration["stand"]);
  const plugin = host.startPlugin({ rootId: `countersign.${name}`, configuration: JSON.stringify(configuration) });
  return (headers) => {
    const stream = plugin.stream();
    const step = stream.requestHeaders(headers, { endOfStream: true });
    const state = stream.filterState(`wasm.countersign.${name}`);
    stream.done();
    return { ...step, outcome: state === undefined ? "" : Buffer.from(state).toString() };
  };
}

export function request(path = "/orders?id=1", ...more: readonly HeaderInput[]): HeaderInput[] {
  return [[":method", "GET"], [":scheme", "https"], [":authority", "Shop.example"], [":path", path], ...more];
}

export function values(headers: readonly Header[], name: string): string[] {
  return headers.filter(([line]) => line === name).map(([, value]) => String(value));
}

/** Header lines with every line of `name` replaced by one value each; no value removes it. */
export function replaced(headers: readonly HeaderInput[], name: string, ...lines: readonly string[]): HeaderInput[] {
  const kept = headers.filter(([line]) => line !== name);
  return [...kept, ...lines.map((value): HeaderInput => [name, value])];
}

const part = (value: Json | string) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A token with any header and payload; text stands as it is. */
export function token(payload: Json, header: Json = { alg: "ES256", kid: "a" }, signature = "c2ln"): string {
  return `${part(header)}.${part(payload)}.${signature}`;
}
