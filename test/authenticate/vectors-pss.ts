/** RSASSA-PSS (RFC 8017 §9.1): the encoding written out, so that each of its parts can be wrong; and HMAC, cut and confused. */
import { constants, createHash, createHmac, createPublicKey, createSecretKey, sign } from "node:crypto";
import { encode, jwkOf, jwksOf, keys, signatureOf } from "./forge.ts";
import { inputOf, type Signatures, type Vector, vectorsOf, wrongLengths } from "./vectors.ts";
import { rsaBlock } from "./vectors-rsa.ts";

const SIZE = 256;

interface Encoding {
  readonly saltBytes: number;
  readonly hash: string;
  readonly maskHash: string;
  readonly trailer: number;
  readonly separator: number;
  /** Of the zeros before the separator. */
  readonly filler: number;
}

const GOOD: Encoding = { saltBytes: 32, hash: "sha256", maskHash: "sha256", trailer: 0xbc, separator: 1, filler: 0 };

const WRONG: readonly (readonly [string, Partial<Encoding>])[] = [
  ["no salt", { saltBytes: 0 }],
  ["a salt of 20", { saltBytes: 20 }],
  ["a salt of 31", { saltBytes: 31 }],
  ["a salt of 33", { saltBytes: 33 }],
  ["the longest salt", { saltBytes: SIZE - 32 - 2 }],
  ["SHA-1", { hash: "sha1" }],
  ["SHA-384, its salt", { hash: "sha384", maskHash: "sha384", saltBytes: 48 }],
  ["SHA-512, our salt", { hash: "sha512", maskHash: "sha512" }],
  ["mask by SHA-1", { maskHash: "sha1" }],
  ["mask by SHA-512", { maskHash: "sha512" }],
  ["trailer cc", { trailer: 0xcc }],
  ["trailer 0", { trailer: 0 }],
  ["separator 0", { separator: 0 }],
  ["separator 2", { separator: 2 }],
  ["zeros that are none", { filler: 1 }],
];

function digest(hash: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return state.digest();
}

function mask(seed: Buffer, length: number, hash: string): Buffer {
  const blocks: Buffer[] = [];
  for (let count = 0; Buffer.concat(blocks).length < length; count++) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    blocks.push(digest(hash, seed, counter));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function encodeMessage(of: Partial<Encoding>): Buffer {
  const { saltBytes, hash, maskHash, trailer, separator, filler } = { ...GOOD, ...of };
  const salt = Buffer.alloc(saltBytes, 0x5a);
  const seed = digest(hash, Buffer.alloc(8), digest(hash, inputOf("PS256")), salt);
  const length = SIZE - seed.length - 1;
  const data = Buffer.concat([Buffer.alloc(length - saltBytes - 1, filler), Buffer.from([separator]), salt]);
  const masked = mask(seed, length, maskHash).map((byte, at) => byte ^ (data[at] ?? 0));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return Buffer.concat([masked, seed, Buffer.from([trailer])]);
}

export function pssCases(): readonly Vector[] {
  const input = Buffer.from(inputOf("PS256"));
  const good = signatureOf("PS256", inputOf("PS256"), keys.rsa);
  const signatures: Signatures = [
    ["good", good, true],
    ["good, part by part", rsaBlock(encodeMessage({})), true],
    ...WRONG.map(([name, wrong]) => [name, rsaBlock(encodeMessage(wrong))] as const),
    ["PKCS #1 v1.5 under the name of PS256", sign("sha256", input, keys.rsa)],
    ["the longest salt, by the library", sign("sha256", input, withSalt(constants.RSA_PSS_SALTLEN_MAX_SIGN))],
    ["no salt, by the library", sign("sha256", input, withSalt(0))],
    ...wrongLengths(good),
  ];
  const asPkcs = sign("sha256", Buffer.from(inputOf("RS256")), withSalt(32));
  return [
    ...vectorsOf("PS256", keys.rsa, signatures),
    ...vectorsOf("RS256", keys.rsa, [["PSS under the name of RS256", asPkcs]]),
    ...vectorsOf("PS256", keys.rsa, [["the key is for RS256", good]], { alg: "RS256" }),
    ...hmacCases(),
  ];
}

function withSalt(saltLength: number) {
  return { key: keys.rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

/** A MAC is as long as its hash (RFC 7518 §3.2), and a public key is no secret (RFC 8725 §2.1). */
function hmacCases(): readonly Vector[] {
  const secret = Buffer.alloc(64, 9);
  const jwks = jwksOf({ kty: "oct", k: encode(secret) });
  const ofSecret = (alg: string, key: Uint8Array = secret) =>
    createHmac(`sha${alg.slice(2)}`, createSecretKey(key))
      .update(inputOf(alg))
      .digest();
  const cases = ["HS256", "HS384", "HS512"].flatMap((alg) => {
    const good = ofSecret(alg);
    const table: Signatures = [
      ["good", good, true],
      ["another secret", ofSecret(alg, Buffer.alloc(64, 8))],
      ["16 bytes of it", good.subarray(0, 16)],
      ...wrongLengths(good),
    ];
    return table.map(([name, signature, accepted = false]) => ({ name, alg, signature, accepted, jwks }));
  });
  const publicKey = createPublicKey(keys.rsa);
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const secrets: readonly (readonly [string, Uint8Array])[] = [
    ["PEM", Buffer.from(pem)],
    ["PEM without its last line end", Buffer.from(pem.trim())],
    ["PKCS #1 PEM", Buffer.from(publicKey.export({ type: "pkcs1", format: "pem" }))],
    ["DER", publicKey.export({ type: "spki", format: "der" })],
    ["n", Buffer.from(publicKey.export({ format: "jwk" }).n ?? "", "base64url")],
    ["JWK", Buffer.from(JSON.stringify(jwkOf(keys.rsa)))],
    ["the empty secret", Buffer.alloc(0)],
  ];
  const confused = secrets.map(([name, key]) => ({
    ...{ name: `the public key as a secret: ${name}`, alg: "HS256", accepted: false },
    signature: ofSecret("HS256", key),
    jwks: jwksOf(jwkOf(keys.rsa)),
  }));
  const mixed = { name: "a secret beside a public key", alg: "HS256", accepted: false, signature: ofSecret("HS256") };
  const short = { ...mixed, name: "a secret shorter than the hash", signature: ofSecret("HS256", Buffer.alloc(31, 1)) };
  return [
    ...cases,
    ...confused,
    { ...mixed, jwks: jwksOf(jwkOf(keys.rsa), { kty: "oct", k: encode(secret) }) },
    { ...short, jwks: jwksOf({ kty: "oct", k: encode(Buffer.alloc(31, 1)) }) },
  ].map(({ name, alg, signature, accepted, jwks: of }) => ({
    ...{ name: `${alg}: ${name}`, jwks: of, accepted },
    raw: `${inputOf(alg)}.${encode(signature)}`,
  }));
}
