/**
 * RSASSA-PKCS1-v1_5 (RFC 8017 §8.2): every deviation of the encoded message, made with the private key; Bleichenbacher's forgery
 * for e = 3, made without it; and numbers that are no signature at all.
 */
import { constants, createHash, generateKeyPairSync, type KeyObject, privateEncrypt, sign } from "node:crypto";
import { jwkOf, jwksOf, keys } from "./forge.ts";
import { bytesOf, inputOf, numberOf, type Signatures, type Vector, vectorsOf, wrongLengths } from "./vectors.ts";

const SIZE = 256;

/** The key's own operation on any block at all. */
export function rsaBlock(block: Buffer, key: KeyObject = keys.rsa): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

export function modulusOf(key: KeyObject): bigint {
  return numberOf(Buffer.from(key.export({ format: "jwk" }).n ?? "", "base64url"));
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** DigestInfo up to the digest (RFC 8017 §9.2 note 1), and what it must not be. */
const SHA256 = "30 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20";
const PREFIXES: readonly (readonly [string, string])[] = [
  ["SHA-384's name", "30 31 30 0d 06 09 60 86 48 01 65 03 04 02 02 05 00 04 20"],
  ["SHA-1's name", "30 2d 30 09 06 05 2b 0e 03 02 1a 05 00 04 20"],
  ["no parameters", "30 2f 30 0b 06 09 60 86 48 01 65 03 04 02 01 04 20"],
  ["parameters of another type", "30 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 04 00 04 20"],
  ["room in the parameters", "30 35 30 11 06 09 60 86 48 01 65 03 04 02 01 05 04 de ad be ef 04 20"],
  ["a long form of length", "30 81 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20"],
  ["an indefinite length", "30 80 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20"],
  ["an inner long form of length", "30 32 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 81 20"],
  ["a BIT STRING", "30 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 03 20"],
  ["one length too many", "30 32 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20"],
  ["the digest said to be longer", "30 32 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 21"],
  ["no DigestInfo", ""],
];

function digest(alg = "RS256"): Buffer {
  return createHash("sha256").update(inputOf(alg)).digest();
}

/** `head`, as many `fill` as it takes, zero, and what is signed. */
function block(info: Buffer, head = "00 01", fill = 0xff, behind: Buffer = Buffer.alloc(0)): Buffer {
  const start = hex(head);
  const rest = SIZE - start.length - 1 - info.length - behind.length;
  return Buffer.concat([start, Buffer.alloc(rest, fill), Buffer.alloc(1), info, behind]);
}

export function rsaCases(): readonly Vector[] {
  const good = sign("sha256", Buffer.from(inputOf("RS256")), keys.rsa);
  const info = Buffer.concat([hex(SHA256), digest()]);
  const n = modulusOf(keys.rsa);
  const s = numberOf(good);
  const shortPadding = Buffer.concat([hex("00 01 ff ff ff ff ff ff ff ff 00"), info]);
  const signatures: Signatures = [
    ["good", good, true],
    ["good, block by block", rsaBlock(block(info)), true],
    ...PREFIXES.map(([name, prefix]) => [name, rsaBlock(block(Buffer.concat([hex(prefix), digest()])))] as const),
    ["block type 2", rsaBlock(block(info, "00 02"))],
    ["block type 0", rsaBlock(block(info, "00 00", 0))],
    ["a first byte of 1", rsaBlock(block(info, "01 01"))],
    ["padding of fe", rsaBlock(block(info, "00 01", 0xfe))],
    ["padding with one zero in it", rsaBlock(withByte(block(info), 40, 0))],
    ["no zero after the padding", rsaBlock(withByte(block(info), SIZE - info.length - 1, 0xff))],
    ["garbage behind the digest", rsaBlock(block(info, "00 01", 0xff, Buffer.alloc(20, 7)))],
    [
      "short padding, garbage behind",
      rsaBlock(Buffer.concat([shortPadding, Buffer.alloc(SIZE - shortPadding.length, 7)])),
    ],
    ["short padding, zeros behind", rsaBlock(Buffer.concat([shortPadding, Buffer.alloc(SIZE - shortPadding.length)]))],
    ["the digest of another text", rsaBlock(block(Buffer.concat([hex(SHA256), digest("PS256")])))],
    ...[0n, 1n, 2n, n - 1n, n, n - s].map(
      (value) => [`${value < 9n ? value : "n-ish"}`, bytesOf(value, SIZE)] as const,
    ),
    ["n + 1", bytesOf(n + 1n, SIZE)],
    ["s + n", bytesOf((s + n) % (1n << 2048n), SIZE)],
    ["s + n, a byte longer", bytesOf(s + n, SIZE + 1)],
    ["SHA-512 under the name of RS256", sign("sha512", Buffer.from(inputOf("RS256")), keys.rsa)],
    ["another key", sign("sha256", Buffer.from(inputOf("RS256")), keys.otherRsa)],
    ...wrongLengths(good),
  ];
  return [...vectorsOf("RS256", keys.rsa, signatures), ...smallExponents(), ...otherSizes()];
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

/** The smallest x with x³ ≥ value. */
function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << 700n;
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (middle ** 3n < value) low = middle + 1n;
    else high = middle;
  }
  return low;
}

/** "Bleichenbacher 2006": a cube whose first bytes are a message with little padding; nobody needs the private key. */
function smallExponents(): readonly Vector[] {
  const three = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey;
  const info = Buffer.concat([hex(SHA256), digest()]);
  const forged = [1, 8].map((padding) => {
    const start = Buffer.concat([hex("00 01"), Buffer.alloc(padding, 0xff), Buffer.alloc(1), info]);
    return cubeRoot(numberOf(Buffer.concat([start, Buffer.alloc(SIZE - start.length)])));
  });
  const one = { ...jwkOf(keys.rsa), e: "AQ" };
  const even = { ...jwkOf(keys.rsa), e: "Ag" };
  const plain = `${inputOf("RS256")}.${block(info).toString("base64url")}`;
  return [
    ...vectorsOf("RS256", three, [
      ["e = 3, good", sign("sha256", Buffer.from(inputOf("RS256")), three), true],
      ["e = 3, a cube root, a byte of padding", bytesOf(forged[0] ?? 0n, SIZE)],
      ["e = 3, a cube root, eight bytes of padding", bytesOf(forged[1] ?? 0n, SIZE)],
      ["e = 3, the root of the whole block", bytesOf(cubeRoot(numberOf(block(info))), SIZE)],
    ]),
    { name: "RS256: e = 1, the block itself", jwks: jwksOf(one), raw: plain, accepted: false },
    { name: "RS256: e = 2", jwks: jwksOf(even), raw: plain, accepted: false },
  ];
}

/** Strict takes no modulus below 2048 bits (RFC 7518 §3.3); odd sizes above are fine. */
function otherSizes(): readonly Vector[] {
  return [1024, 2047, 2049, 3072].flatMap((modulusLength) => {
    const key = generateKeyPairSync("rsa", { modulusLength }).privateKey;
    const good = sign("sha256", Buffer.from(inputOf("RS256")), key);
    return vectorsOf("RS256", key, [[`${modulusLength} bits`, good, modulusLength >= 2048]]);
  });
}
