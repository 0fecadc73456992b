/**
 * Ed25519 (RFC 8032 §5.1.7): S beyond the order, points of small order or of two spellings as R and as key. The signature with
 * R = identity satisfies the equation and can only be made with the private key: it is computed from the seed.
 */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { encode, jwkOf, jwksOf, keys } from "./forge.ts";
import { bytesOf, inputOf, numberOf, type Signatures, type Vector, vectorsOf, wrongLengths } from "./vectors.ts";

const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;

/** Little-endian, 32 bytes. */
function little(value: bigint): Buffer {
  return bytesOf(value % 2n ** 256n, 32).reverse();
}

function numberOfLittle(bytes: Uint8Array): bigint {
  return numberOf(Buffer.from(bytes).reverse());
}

const ORDER_8_Y = [
  numberOfLittle(Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex")),
  numberOfLittle(Buffer.from("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "hex")),
];
const SIGN_BIT = 2n ** 255n;

/** All encodings of points of order 1, 2, 4 and 8, those with y ≥ p and with a useless sign bit among them. */
const SMALL_ORDER = [0n, 1n, P - 1n, P, P + 1n, ...ORDER_8_Y].flatMap((y) => [little(y), little(y + SIGN_BIT)]);
/** y ≥ p: a second spelling of a point that has a shorter one. */
const NOT_CANONICAL = [2n, 3n, 4n, 18n].flatMap((y) => [little(P + y), little(P + y + SIGN_BIT)]);

export function ed25519Cases(): readonly Vector[] {
  const input = Buffer.from(inputOf("EdDSA"));
  const good = sign(null, input, keys.ed25519);
  const r = good.subarray(0, 32);
  const s = numberOfLittle(good.subarray(32));
  const withS = (value: bigint): Buffer => Buffer.concat([r, little(value)]);
  const points = [...SMALL_ORDER, ...NOT_CANONICAL];
  const x = jwkOf(keys.ed25519) as { readonly x?: string };
  const key = Buffer.from(x.x ?? "", "base64url");
  const signatures: Signatures = [
    ["good", good, true],
    ...[1n, 2n, 7n, 14n].map((times) => [`S + ${times} L`, withS(s + times * L)] as const),
    ...[0n, 1n, L - s, L, L + 1n, 2n ** 252n, 2n ** 255n, 2n ** 256n - 1n].map((v) => [`S = ${v}`, withS(v)] as const),
    ["the highest bit of S", Buffer.concat([good.subarray(0, 63), Buffer.from([(good[63] ?? 0) | 0x80])])],
    ["the sign of R", Buffer.concat([little(numberOfLittle(r) ^ SIGN_BIT), good.subarray(32)])],
    ["R and S swapped", Buffer.concat([good.subarray(32), r])],
    ["R is the key", Buffer.concat([key, good.subarray(32)])],
    ["R = identity, the equation holds", withIdentity(input, key)],
    ["Ed25519ph, or another text", sign(null, createHash("sha512").update(input).digest(), keys.ed25519)],
    ...points.flatMap((point) => [
      [`R = ${point.toString("hex")}, S good`, Buffer.concat([point, good.subarray(32)])] as const,
      [`R = ${point.toString("hex")}, S = 0`, Buffer.concat([point, little(0n)])] as const,
    ]),
    ...wrongLengths(good),
  ];
  return [...vectorsOf("EdDSA", keys.ed25519, signatures), ...smallKeys(points), ...otherKeys(good)];
}

/** S = SHA-512(R ‖ A ‖ M) · a mod L for R = identity: S·B = R + h·A, and yet no honest signer has that nonce. */
function withIdentity(message: Buffer, key: Buffer): Buffer {
  const seed = Buffer.from(keys.ed25519.export({ format: "jwk" }).d ?? "", "base64url");
  const scalar = createHash("sha512").update(seed).digest().subarray(0, 32);
  scalar[0] = (scalar[0] ?? 0) & 0xf8;
  scalar[31] = ((scalar[31] ?? 0) & 0x7f) | 0x40;
  const identity = little(1n);
  const challenge = numberOfLittle(createHash("sha512").update(identity).update(key).update(message).digest());
  return Buffer.concat([identity, little((challenge * numberOfLittle(scalar)) % L)]);
}

/** Under a key of small order S = 0 and R = any such point verify for one text in eight, or for every text. */
function smallKeys(points: readonly Buffer[]): readonly Vector[] {
  return points.flatMap((key) =>
    points.map((point) => ({
      name: `EdDSA: key ${key.toString("hex")}, R ${point.toString("hex")}, S = 0`,
      jwks: jwksOf({ kty: "OKP", crv: "Ed25519", x: encode(key) }),
      raw: `${inputOf("EdDSA")}.${encode(Buffer.concat([point, little(0n)]))}`,
      accepted: false,
    })),
  );
}

function otherKeys(good: Buffer): readonly Vector[] {
  const ed448 = generateKeyPairSync("ed448").privateKey;
  const signed = sign(null, Buffer.from(inputOf("EdDSA")), ed448);
  const jwk = jwkOf(keys.ed25519);
  const table: readonly (readonly [string, object])[] = [
    ["the key is said to be X25519", { ...jwk, crv: "X25519" }],
    ["the key is said to be Ed448", { ...jwk, crv: "Ed448" }],
    ["the key is said to be EC", { ...jwk, kty: "EC" }],
    ["the key is for ES256", { ...jwk, alg: "ES256" }],
    ["the key has a byte more", { ...jwk, x: encode(Buffer.alloc(33, 7)) }],
  ];
  return [
    ...table.map(([name, of]) => ({
      ...{ name: `EdDSA: ${name}`, jwks: jwksOf(of), accepted: false },
      raw: `${inputOf("EdDSA")}.${encode(good)}`,
    })),
    ...vectorsOf("EdDSA", ed448, [
      ["Ed448", signed],
      ["Ed448 cut to 64 bytes", signed.subarray(0, 64)],
    ]),
  ];
}
