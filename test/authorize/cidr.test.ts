import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cidrContains, parseCidr } from "../../ext-authz/authorize/cidr.ts";
import { parseIp } from "../../ext-authz/request/ip-address.ts";
import { ip } from "./fixtures.ts";

describe("addresses", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1", 4],
    ["0.0.0.0", "0.0.0.0", 4],
    ["::ffff:10.0.0.1", "10.0.0.1", 4],
    ["::FFFF:0a00:1", "10.0.0.1", 4],
    ["::", "::", 16],
    ["::1", "::1", 16],
    ["1::", "1::", 16],
    ["2001:DB8::1", "2001:db8::1", 16],
    ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 16],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 16],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8", 16],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221", 16],
    ["::10.0.0.1", "::a00:1", 16],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 16],
  ])("%s is %s", (text, canonical, length) => {
    const address = parseIp(text);
    expect(address?.text).toBe(canonical);
    expect(address?.bytes).toHaveLength(length);
  });

  test.each([
    ...[
      "",
      " 10.0.0.1",
      "10.0.0.1 ",
      "010.0.0.1",
      "10.0.0.01",
      "10.1",
      "10.0.0.256",
      "10.0.0.1.2",
      "10.0.0.",
      "1.2.3.x",
    ],
    ...["0x7f.0.0.1", "+1.2.3.4", "1.2.3.-4", ":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"],
    ...[
      "1:2:3:4:5:6:7:8::",
      "12345::",
      "g::",
      "fe80::1%eth0",
      "::1.2.3",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "[::1]",
      "::1/128",
    ],
    ...["1:2:3:4:5:6:7:1.2.3.4", ":1::2", "1::2:", "1".repeat(100), "٣.0.0.1"],
  ])("%j is none", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test("the canonical text of any IPv6 address reads as the same address", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseIp(text);
        return address !== undefined && Buffer.from(ip(address.text).bytes).equals(Buffer.from(address.bytes));
      }),
    );
  });

  test("any text is read or refused, never thrown at", () => {
    const part = fc.constantFrom(":", "::", ".", "1", "ff", "0", "256", "%", "/", "ffff");
    fc.assert(fc.property(fc.array(part), (parts) => void parseCidr(parts.join(""))));
  });
});

describe("blocks", () => {
  test.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.1.2.3/8", "10.9.9.9", true],
    ["203.0.113.4", "203.0.113.4", true],
    ["203.0.113.4", "203.0.113.5", false],
    ["203.0.113.128/25", "203.0.113.127", false],
    ["203.0.113.128/25", "203.0.113.200", true],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "10.0.0.1", false],
    ["::/0", "2001:db8::1", true],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::ffff:10.0.0.0/104", "10.9.9.9", true],
    ["::ffff:10.0.0.0/104", "11.9.9.9", false],
    ["::ffff:10.0.0.1", "10.0.0.1", true],
    ["10.0.0.0/8", "::ffff:10.0.0.1", true],
    ["::ffff:0.0.0.0/90", "10.0.0.1", false],
  ])("%s holds %s: %s", (block, address, held) => {
    const cidr = parseCidr(block);
    expect(cidr).toBeDefined();
    expect(cidr !== undefined && cidrContains(cidr, ip(address))).toBe(held);
  });

  test.each([
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "/8",
    "10.0.0.0/+8",
    "10.0.0.0/8/8",
    "::/129",
    "::1%lo/64",
    "1.2.3.*",
  ])("%s is none", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  test("a block holds just the addresses whose leading bits are its own", () => {
    const number = fc.nat(0xffffffff);
    const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
    fc.assert(
      fc.property(number, number, fc.nat(32), (network, address, bits) => {
        const cidr = parseCidr(`${dotted(network)}/${bits}`);
        const size = 2 ** (32 - bits);
        const expected = Math.floor(network / size) === Math.floor(address / size);
        return cidr !== undefined && cidrContains(cidr, ip(dotted(address))) === expected;
      }),
    );
  });
});
