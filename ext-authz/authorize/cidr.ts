/**
 * In: a policy's IP or CIDR text, and addresses as bytes. Out: whether the block holds the address. Pure.
 * IPv4 never matches IPv6 and the other way round; host bits of a block are ignored (Istio, as Envoy's CidrRange).
 */
import type { IpAddress } from "../model.ts";
import { parseDecimal, parseIp } from "../request/ip-address.ts";

/** A block: network bytes (4 or 16) and how many leading bits count. */
export interface Cidr {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** @returns the block of `10.0.0.0/8` or `10.1.2.3` (all bits), or undefined when the text is neither */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (ip === undefined) return undefined;
  if (slash < 0) return { bytes: ip.bytes, bits: ip.bytes.length * 8 };
  const mapped = ip.bytes.length === 4 && text.includes(":");
  const bits = parseDecimal(text.slice(slash + 1), ip.bytes.length === 4 && !mapped ? 32 : 128);
  if (bits === undefined) return undefined;
  if (!mapped) return { bytes: ip.bytes, bits };
  // Addresses arrive with IPv4-mapped IPv6 already turned into IPv4, so a block inside ::ffff:0:0/96 must follow them.
  if (bits >= 96) return { bytes: ip.bytes, bits: bits - 96 };
  return { bytes: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...ip.bytes]), bits };
}

export function cidrContains(block: Cidr, address: IpAddress): boolean {
  const { bytes } = address;
  if (bytes.length !== block.bytes.length) return false;
  const whole = block.bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== block.bytes[i]) return false;
  const rest = block.bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((bytes[whole] ?? 0) & mask) === ((block.bytes[whole] ?? 0) & mask);
}
