/** The cryptography of the filter, in the compiled AssemblyScript itself: published vectors, then Node's own as the judge. */
import { createHash, createHmac, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bytes, hex, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});

// FIPS 180-4 examples, NIST CAVP.
const DIGESTS: readonly (readonly [message: string, digest: string])[] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

// RFC 4231 §4.
const CODES: readonly (readonly [name: string, key: string, data: string, code: string])[] = [
  ["1", "\x0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  ["2", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
  ["3", "\xaa".repeat(20), "\xdd".repeat(50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
  [
    "4",
    String.fromCharCode(...Array.from({ length: 25 }, (_, i) => i + 1)),
    "\xcd".repeat(50),
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  ],
  [
    "6",
    "\xaa".repeat(131),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    "7",
    "\xaa".repeat(131),
    "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

describe("SHA-256", () => {
  it.each(DIGESTS)("digests vector %#", (message, digest) => {
    expect(hex(pure.digest(bytes(message)))).toBe(digest);
  });

  it("agrees with Node at every length around the block's end", () => {
    for (let length = 0; length < 200; length++) {
      const data = new Uint8Array(length).fill(length);
      expect(hex(pure.digest(data))).toBe(createHash("sha256").update(data).digest("hex"));
    }
  });
});

describe("HMAC-SHA-256", () => {
  it.each(CODES)("signs RFC 4231 case %s", (_name, key, data, code) => {
    expect(hex(pure.hmac(bytes(key), bytes(data)))).toBe(code);
  });

  it("agrees with Node for any key and message", () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(anyBytes, anyBytes, (key, data) => {
        expect(hex(pure.hmac(key, data))).toBe(createHmac("sha256", key).update(data).digest("hex"));
      }),
    );
  });

  it("takes a state that it remembers for the very same bytes only", () => {
    const length = 2300;
    const places = fc.array(fc.nat(length - 1), { maxLength: 3 });
    fc.assert(
      fc.property(places, fc.nat(length), fc.nat(length), (changed, known, end) => {
        const before = new Uint8Array(length).fill(7);
        const data = before.slice(0, end);
        for (const place of changed) if (place < end) data[place] = 8;
        const wanted = createHmac("sha256", "key").update(data).digest("hex");
        expect(hex(pure.hmacAfter(bytes("key"), before, data, known))).toBe(wanted);
      }),
      { numRuns: 500 },
    );
  });
});

describe("RFC 9421", () => {
  const parameters = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
  const request = "POST\nhttps\nexample.com\n/foo?param=Value&Pet=dog";
  const fields = "date: Tue, 20 Apr 2021 02:07:55 GMT\ncontent-type: application/json";
  const secret = Buffer.from(
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    "base64",
  );

  it("signs B.2.5", () => {
    const base = pure.base(request, fields, "date @authority content-type", parameters);
    expect(Buffer.from(base ?? []).toString()).toBe(
      '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n' +
        `"@signature-params": ${parameters}`,
    );
    const code = pure.hmac(new Uint8Array(secret), base ?? new Uint8Array());
    expect(Buffer.from(code).toString("base64")).toBe("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
  });

  it("verifies B.2.4, in the form that the host wants", () => {
    const components = "@status content-type content-digest content-length";
    const digest = "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:";
    const response = `@status: 200\ncontent-type: application/json\ncontent-digest: ${digest}\ncontent-length: 23`;
    const list = components.split(" ").map((name) => `"${name}"`);
    const base = pure.base(
      request,
      response,
      components,
      `(${list.join(" ")});created=1618884473;keyid="test-key-ecc-p256"`,
    );
    const signature = Buffer.from(
      "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
      "base64",
    );
    const key = createPublicKey({
      key: Buffer.from(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==",
        "base64",
      ),
      format: "der",
      type: "spki",
    });
    const der = pure.derSignature(new Uint8Array(signature));
    expect(verify("sha256", base ?? new Uint8Array(), key, der ?? new Uint8Array())).toBe(true);
    expect(hex(pure.rawSignature(der ?? new Uint8Array()) ?? new Uint8Array())).toBe(signature.toString("hex"));
  });

  // RFC 9421 §2.1, §2.2.
  const COMPONENTS: readonly (readonly [name: string, head: string, fields: string, want: string])[] = [
    ["@method", "POST\nhttps\nh\n/", "", "POST"],
    ["@method", "pOsT\nhttps\nh\n/", "", "pOsT"],
    ["@authority", "GET\nhttps\nWWW.Example.COM\n/", "", "www.example.com"],
    ["@authority", "GET\nhttps\nexample.com:443\n/", "", "example.com"],
    ["@authority", "GET\nhttp\nexample.com:80\n/", "", "example.com"],
    ["@authority", "GET\nhttp\nexample.com:443\n/", "", "example.com:443"],
    ["@authority", "GET\nhttps\n[::1]:8443\n/", "", "[::1]:8443"],
    ["@path", "GET\nhttps\nh\n/path?param=value", "", "/path"],
    ["@path", "GET\nhttps\nh\n", "", "/"],
    ["@path", "GET\nhttps\nh\n?a", "", "/"],
    ["@path", "GET\nhttps\nh\n/a%2Fb", "", "/a%2Fb"],
    ["@query", "GET\nhttps\nh\n/path?param=value&foo=bar&baz=bat%2Dman", "", "?param=value&foo=bar&baz=bat%2Dman"],
    ["@query", "GET\nhttps\nh\n/path?queryString", "", "?queryString"],
    ["@query", "GET\nhttps\nh\n/path", "", "?"],
    ["@query", "GET\nhttps\nh\n/path?a?b", "", "?a?b"],
    ["x-a", "GET\nhttps\nh\n/", "x-a: one\nx-b: no\nx-a: two", "one, two"],
  ];
  it.each(COMPONENTS)("component %s of %j", (name, head, fieldLines, want) => {
    const base = pure.base(head, fieldLines, name, "()");
    expect(Buffer.from(base ?? []).toString()).toBe(`"${name}": ${want}\n"@signature-params": ()`);
  });

  const NO_BASE: readonly (readonly [why: string, head: string, fields: string, components: string])[] = [
    ["a missing field", "GET\nhttps\nh\n/", "x-a: 1", "x-b"],
    ["an unknown derived component", "GET\nhttps\nh\n/", "", "@status"],
    ["a component named twice", "GET\nhttps\nh\n/", "", "@path @path"],
    ["a carriage return in a value", "GET\nhttps\nh\n/", "x-a: 1\r2", "x-a"],
  ];
  it.each(NO_BASE)("makes no base with %s", (_why, head, fieldLines, components) => {
    expect(pure.base(head, fieldLines, components, "()")).toBeNull();
  });
});

describe("ECDSA signatures", () => {
  const raws = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((raw) => {
    // Short numbers too: leading zeros are where encoders differ.
    const short = (raw[0] ?? 0) % 4 === 0 ? 31 : 0;
    raw.fill(0, 0, short);
    return raw;
  });

  it("have one DER form, and come back from it", () => {
    fc.assert(
      fc.property(raws, (raw) => {
        const der = pure.derSignature(raw) ?? new Uint8Array();
        expect(hex(pure.rawSignature(der) ?? new Uint8Array())).toBe(hex(raw));
      }),
    );
  });

  it("are Node's, both ways", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (let i = 0; i < 50; i++) {
      const text = Buffer.from(`message ${i}`);
      const der = sign("sha256", text, privateKey);
      const raw = pure.rawSignature(new Uint8Array(der)) ?? new Uint8Array();
      expect(verify("sha256", text, { key: publicKey, dsaEncoding: "ieee-p1363" }, raw)).toBe(true);
      expect(hex(pure.derSignature(raw) ?? new Uint8Array())).toBe(hex(new Uint8Array(der)));
    }
  });

  it("in any other bytes are refused, without a trap", () => {
    const start = fc.constantFrom([0x30], [0x30, 6, 2, 1], [0x30, 7, 2, 2, 0], [0x30, 68, 2, 32]);
    const bytesAfter = fc.tuple(start, fc.uint8Array({ maxLength: 80 })).map(([a, b]) => new Uint8Array([...a, ...b]));
    fc.assert(
      fc.property(bytesAfter, (der) => {
        const raw = pure.rawSignature(der);
        // What is read is the one encoding of it.
        if (raw !== null) expect(hex(pure.derSignature(raw) ?? new Uint8Array())).toBe(hex(der));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([0, 63, 65])("of %i bytes have no DER form", (length) => {
    expect(pure.derSignature(new Uint8Array(length))).toBeNull();
  });
});
