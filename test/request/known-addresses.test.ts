import { describe, expect, it } from "vitest";
import { parseIp } from "../../ext-authz/request/ip-address.ts";
import { knownIp } from "../../ext-authz/request/known-addresses.ts";

describe("addresses that were read before", () => {
  it.each(["10.0.0.1", "::ffff:10.0.0.1", "2001:DB8::1", "010.0.0.1", "x", "", "1".repeat(100)])(
    "%s: as if read anew, twice",
    (text) => {
      expect([knownIp(text), knownIp(text)]).toEqual([parseIp(text), parseIp(text)]);
    },
  );

  it("more than are remembered are still read", () => {
    for (let n = 0; n < 2000; n++) expect(knownIp(`10.0.${n >> 8}.${n & 255}`)?.bytes[3]).toBe(n & 255);
  });
});
