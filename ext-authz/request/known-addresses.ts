/**
 * Peers' addresses, read once: proxies and services are few, and ask again and again. In: the text of an address. Out: the same
 * object for the same text, or undefined. Pure but for a memory, bounded: when it is full it begins anew.
 */
import type { IpAddress } from "../model.ts";
import { parseIp } from "./ip-address.ts";

const MAX_ADDRESSES = 512;
/** Longer is none. */
const MAX_LENGTH = 64;

const known = new Map<string, IpAddress | undefined>();

export function knownIp(text: string): IpAddress | undefined {
  const found = known.get(text);
  if (found !== undefined || text.length > MAX_LENGTH) return found;
  if (known.size >= MAX_ADDRESSES) known.clear();
  // A copy: a slice of a message would keep all of it.
  const copy = Buffer.from(text, "utf8").toString("utf8");
  const address = parseIp(copy);
  known.set(copy, address);
  return address;
}
