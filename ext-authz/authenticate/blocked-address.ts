/**
 * Addresses that keys are never fetched from: link-local ones and the clouds' metadata services, where a URL written into a
 * policy would read the machine's own credentials (GHSA-fgw5-hp8f-xfhc). Private and loopback ranges stay open, since
 * issuers inside a cluster live there. In: an IP address as text. Out: yes or no. Pure.
 */
import { BlockList, isIP } from "node:net";

const IPV4: readonly (readonly [address: string, prefix: number])[] = [
  ["169.254.0.0", 16],
  ["100.100.100.200", 32],
  ["168.63.129.16", 32],
  ["192.0.0.192", 32],
];
const IPV6: readonly (readonly [address: string, prefix: number])[] = [
  ["fe80::", 10],
  ["fd00:ec2::254", 128],
  ["fd00:ec2::23", 128],
  ["fd20:ce::254", 128],
  ["fd00:42::42", 128],
];
/** IPv4 inside IPv6: NAT64 (RFC 6052, RFC 8215), translated (RFC 2765), IPv4-compatible. Mapped ones node sees itself. */
const EMBEDDINGS = ["64:ff9b::", "64:ff9b:1::", "::ffff:0:", "::"];

const blocked = new BlockList();
for (const [address, prefix] of IPV6) blocked.addSubnet(address, prefix, "ipv6");
for (const [address, prefix] of IPV4) {
  blocked.addSubnet(address, prefix, "ipv4");
  for (const embedding of EMBEDDINGS) blocked.addSubnet(`${embedding}${address}`, 96 + prefix, "ipv6");
  // 6to4 (RFC 3056) has the IPv4 address right after its first 16 bits.
  blocked.addSubnet(sixToFour(address), 16 + prefix, "ipv6");
}

function sixToFour(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return `2002:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}::`;
}

/** What is no address at all is blocked too. A zone (`%eth0`) does not count. */
export function isBlockedAddress(address: string): boolean {
  const bare = address.split("%", 1)[0] ?? "";
  const version = isIP(bare);
  if (version === 0) return true;
  return blocked.check(bare, version === 6 ? "ipv6" : "ipv4");
}
