/**
 * A stand that fetches its keys, in the Node host, with a server that a test plays. In: a configuration, answers to its polls.
 * Out: what it does with requests meanwhile. Time stands still but for `pass`.
 */

import { expect } from "vitest";
import { createHost, type Header, type Host, type Plugin } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { builtFilter } from "./build-filter.ts";
import { nativeCrypto } from "./keys.ts";
import { type Json, type JsonFields, NOW, OTHER_SECRET, request, SECRET, STAMP, stand, ZONE } from "./stands.ts";

export const TOKEN = "a-token-of-the-proxy";
export const FROM = { cluster: "ext-authz", authority: "keys", tokenEnv: "KEYS_TOKEN", pollMilliseconds: 1000 };
export const K1 = { id: "k1", secret: SECRET };
export const K2 = { id: "k2", secret: OTHER_SECRET };
const { keys: _keys, sign: _sign, ...stamping } = STAMP;
export const STAMPS: JsonFields = { ...stamping, keysFrom: FROM };
export const VERIFIES: JsonFields = { ...ZONE, stamp: { zones: ["edge"], keysFrom: FROM } };
const built = builtFilter();

let elapsed = 0;
let host: Host;

/** Before each test: a host of its own. */
export async function begin(): Promise<void> {
  elapsed = 0;
  host = await newHost();
}

export function newHost(environment: Record<string, string> = { KEYS_TOKEN: TOKEN }): Promise<Host> {
  return createHost(built, {
    environment,
    foreignFunctions: nativeCrypto,
    now: () => BigInt(NOW * 1000 + elapsed) * 1_000_000n,
    monotonic: () => BigInt(1000 + elapsed) * 1_000_000n,
  });
}

export function pass(milliseconds: number): void {
  for (let step = 0; step < milliseconds; step += 50) {
    elapsed += 50;
    host.tick(50);
  }
}

export interface Fetching {
  readonly plugin: Plugin;
  /** The stand's outcome for a request. */
  ask(headers?: ReturnType<typeof request>): {
    outcome: string;
    status: number | undefined;
    headers: readonly Header[];
  };
  /** The next poll, answered so. */
  answer(status: string | undefined, body?: string | Uint8Array, etag?: string): void;
}

export function fetching(configuration: JsonFields): Fetching {
  let plugin: Plugin | undefined;
  const started = {
    startPlugin(options: Parameters<Host["startPlugin"]>[0]) {
      plugin = host.startPlugin(options);
      return plugin;
    },
  };
  const send = stand(started, configuration);
  if (plugin === undefined) throw new Error("no plugin");
  const own = plugin;
  return {
    plugin: own,
    ask(headers = request()) {
      const { outcome, localReply, headers: after } = send(headers);
      return { outcome, status: localReply?.status, headers: after };
    },
    answer(status, body = "", etag) {
      for (let i = 0; i < 10 && own.calls.length === 0; i++) pass(1000);
      const [call, more] = own.calls;
      expect([call === undefined, more]).toEqual([false, undefined]);
      if (status === undefined) call?.fail();
      else call?.respond({ headers: [[":status", status], ...(etag ? [["etag", etag] as const] : [])], body });
    },
  };
}

export const json = (keys: Json, sign?: string): string => JSON.stringify({ keys, ...(sign && { sign }) });
export const stampedWith = (key: JsonFields) =>
  stand(host, { ...STAMP, sign: String(key["id"]), keys: [key] })(request()).headers.map(([n, v]) => [n, v] as const);
export const keyOf = (headers: readonly Header[]) =>
  /keyid="([^"]*)"/.exec(String(headers.find(([name]) => name === "signature-input")?.[1]))?.[1];
export const count = (stands: string, name: string) => Number(host.metric(`countersign.${stands}.keys.${name}`));
export const logged = () => host.logs.map(({ text }) => text).join("\n");
