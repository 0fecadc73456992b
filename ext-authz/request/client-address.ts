/**
 * `remote.ip`: the client behind trusted proxies, out of `x-forwarded-for`. In come the header's lines, the direct peer
 * and the operator's trust setting; out goes an address or undefined. Pure.
 *
 * Envoy appends the peer to the header before ext_authz sees it when `use_remote_address` is on (and
 * `skip_xff_append` is off, its default), so the trusted entries are counted from the right, never from the left,
 * which is the client's to write. Source: Envoy docs, "x-forwarded-for"; CVE-2026-40575 is what trusting the left costs.
 */
import type { IpAddress } from "../model.ts";
import { parseIp } from "./ip-address.ts";

export interface ClientAddressSettings {
  readonly useRemoteAddress: boolean;
  readonly xffNumTrustedHops: number;
}

/** Falls back to the peer, as Envoy does, when the header is missing, too short or unreadable at the trusted place. */
export function clientAddress(
  forwardedFor: readonly string[],
  peer: IpAddress | undefined,
  settings: ClientAddressSettings,
): IpAddress | undefined {
  if (forwardedFor.length === 0) return peer;
  const [only] = forwardedFor;
  // One entry and no hop: what stands there, in whichever way it came to stand there.
  if (forwardedFor.length === 1 && settings.xffNumTrustedHops === 0 && only !== undefined && !only.includes(",")) {
    return only === peer?.text ? peer : (parseEntry(only) ?? peer);
  }
  const entries = forwardedFor.join(",").split(",");
  const last = parseEntry(entries.at(-1));
  const appended = last !== undefined && last.text === peer?.text;
  // Without our Envoy's own entry at the end the first trusted hop is one place further right.
  const hops = settings.xffNumTrustedHops;
  const fromRight = settings.useRemoteAddress && !appended && hops > 0 ? hops - 1 : hops;
  const trusted = fromRight === 0 ? last : parseEntry(entries[entries.length - 1 - fromRight]);
  return trusted ?? peer;
}

/** One entry: an address, in brackets or with a port as some proxies write it. */
function parseEntry(entry: string | undefined): IpAddress | undefined {
  if (entry === undefined || entry.length > 64) return undefined;
  const text = entry.trim();
  const plain = parseIp(text);
  if (plain !== undefined) return plain;
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(text);
  if (bracketed?.[1] !== undefined) return parseIp(bracketed[1]);
  const withPort = /^([0-9.]+):\d{1,5}$/.exec(text)?.[1];
  return withPort === undefined ? undefined : parseIp(withPort);
}
