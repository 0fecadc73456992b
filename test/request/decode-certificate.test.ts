import { describe, expect, it } from "vitest";
import { decodeCertificate } from "../../ext-authz/request/decode-certificate.ts";

describe("the peer's certificate", () => {
  it.each([
    ["", undefined],
    ["-----BEGIN%20CERTIFICATE-----%0AMII%2B%2F%0A", "-----BEGIN CERTIFICATE-----\nMII+/\n"],
    ["%zz", undefined],
    ["%c3%28", undefined],
  ])("%j, each time", (encoded, pem) => {
    expect([decodeCertificate(encoded), decodeCertificate(encoded)]).toEqual([pem, pem]);
  });

  it("more of them than are remembered, and longer ones, are still decoded", () => {
    for (let n = 0; n < 200; n++) expect(decodeCertificate(`a%20${n}`)).toBe(`a ${n}`);
    expect(decodeCertificate("%20".repeat(10_000))).toBe(" ".repeat(10_000));
  });
});
