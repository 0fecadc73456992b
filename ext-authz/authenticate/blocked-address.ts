/**
 * Addresses that keys are never fetched from: link-local ones and the clouds' metadata services, where a URL written into a
 * policy would read the machine's own credentials (GHSA-fgw5-hp8f-xfhc). Private and loopback ranges stay open, since
 * issuers inside a cluster live there. In: an IP address as text. Out: yes or no. Pure.
 */
import { BlockList, isIP } from "node:net";

const blocked = new BlockList();
blocked.addSubnet("169.254.0.0", 16, "ipv4");
blocked.addAddress("100.100.100.200", "ipv4");
blocked.addAddress("168.63.129.16", "ipv4");
blocked.addAddress("192.0.0.192", "ipv4");
blocked.addSubnet("fe80::", 10, "ipv6");
blocked.addAddress("fd00:ec2::254", "ipv6");
blocked.addAddress("fd00:ec2::23", "ipv6");
blocked.addAddress("fd20:ce::254", "ipv6");
blocked.addAddress("fd00:42::42", "ipv6");
// The same IPv4 addresses through NAT64 (RFC 6052), 6to4 (RFC 3056), and the deprecated IPv4-compatible form.
blocked.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
blocked.addSubnet("2002:a9fe::", 32, "ipv6");
blocked.addSubnet("::a9fe:0", 112, "ipv6");

/** What is no address at all is blocked too. A zone (`%eth0`) does not count. */
export function isBlockedAddress(address: string): boolean {
  const bare = address.split("%", 1)[0] ?? "";
  const version = isIP(bare);
  if (version === 0) return true;
  return blocked.check(bare, version === 6 ? "ipv6" : "ipv4");
}
