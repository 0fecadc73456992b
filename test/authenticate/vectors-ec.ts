/** ECDSA: r and s out of range, other encodings of the same numbers, keys of other curves. High s is no fault (RFC 7518 §3.4). */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { jwkOf, jwksOf, keys } from "./forge.ts";
import { bytesOf, inputOf, numberOf, type Signatures, type Vector, vectorsOf, wrongLengths } from "./vectors.ts";

interface Curve {
  readonly alg: string;
  readonly key: KeyObject;
  readonly hash: string;
  readonly bytes: number;
  /** Order of the base point (SEC 2). */
  readonly n: bigint;
}

const CURVES: readonly Curve[] = [
  {
    ...{ alg: "ES256", key: keys.p256, hash: "sha256", bytes: 32 },
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    ...{ alg: "ES384", key: keys.p384, hash: "sha384", bytes: 48 },
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  {
    ...{ alg: "ES512", key: keys.p521, hash: "sha512", bytes: 66 },
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
];

export function ecCases(): readonly Vector[] {
  return [...CURVES.flatMap(casesOf), ...otherKeys()];
}

function raw(curve: Curve, hash = curve.hash, key = curve.key): Buffer {
  return sign(hash, Buffer.from(inputOf(curve.alg)), { key, dsaEncoding: "ieee-p1363" });
}

/** One whose r begins with a zero byte: what is left of it without that byte is another length. */
function withLeadingZero(curve: Curve): Buffer {
  for (;;) {
    const signature = raw(curve);
    if (signature[0] === 0) return signature;
  }
}

function casesOf(curve: Curve): readonly Vector[] {
  const { alg, key, bytes, n } = curve;
  const good = raw(curve);
  const r = numberOf(good.subarray(0, bytes));
  const s = numberOf(good.subarray(bytes));
  const limit = 1n << BigInt(8 * bytes);
  const pair = (first: bigint, second: bigint): Buffer =>
    Buffer.concat([bytesOf(first % limit, bytes), bytesOf(second % limit, bytes)]);
  const short = withLeadingZero(curve);
  const der = sign(curve.hash, Buffer.from(inputOf(alg)), { key, dsaEncoding: "der" });
  const edges = [0n, 1n, n - 1n, n, n + 1n, limit - 1n];
  const signatures: Signatures = [
    ["good", good, true],
    ["high or low s: the other one", pair(r, n - s), true],
    ["r with a leading zero", short, true],
    ...edges.flatMap((a) =>
      edges.map((b) => [`r = ${a % n} + n·${a / n}, s = ${b % n} + n·${b / n}`, pair(a, b)] as const),
    ),
    ...edges.map((edge) => [`r good, s = ${edge}`, pair(r, edge)] as const),
    ...edges.map((edge) => [`r = ${edge}, s good`, pair(edge, s)] as const),
    // Where it does not fit in the bytes, it is another number: refused all the same.
    ["r + n", pair(r + n, s)],
    ["s + n", pair(r, s + n)],
    ["-r", pair(n - r, s)],
    ["swapped", pair(s, r)],
    ["DER", der],
    ["DER, cut or filled to the length", Buffer.concat([der, Buffer.alloc(2 * bytes)]).subarray(0, 2 * bytes)],
    ["leading zero of r stripped", short.subarray(1)],
    ["leading zero of r stripped, a zero behind", Buffer.concat([short.subarray(1), Buffer.alloc(1)])],
    ["r and s each a byte longer", Buffer.concat([bytesOf(r, bytes + 1), bytesOf(s, bytes + 1)])],
    ["with another hash", raw(curve, curve.hash === "sha256" ? "sha512" : "sha256")],
    ["with another key of the curve", raw(curve, curve.hash, generateKeyPairSync("ec", namedCurve(curve)).privateKey)],
    ...wrongLengths(good),
  ];
  return vectorsOf(alg, key, signatures);
}

function namedCurve({ key }: Curve) {
  return { namedCurve: key.asymmetricKeyDetails?.namedCurve ?? "" };
}

/** The token says one curve, the key is of another, or of none. */
function otherKeys(): readonly Vector[] {
  const { x = "", y = "" } = createPublicKey(keys.p256).export({ format: "jwk" });
  const es256 = (jwk: object) => jwksOf({ kty: "EC", crv: "P-256", x, y, ...jwk });
  const token = `${inputOf("ES256")}.${sign("sha256", Buffer.from(inputOf("ES256")), { key: keys.p256, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  const zero = Buffer.alloc(32).toString("base64url");
  const wide = Buffer.concat([Buffer.alloc(1), Buffer.from(x, "base64url")]).toString("base64url");
  const koblitz = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey;
  const sizes = CURVES.flatMap((of) =>
    CURVES.filter((by) => by !== of).flatMap((by) =>
      vectorsOf(of.alg, by.key, [[`signed by ${by.alg}'s key`, raw(of, of.hash, by.key)]]),
    ),
  );
  const table: readonly (readonly [string, string])[] = [
    ["key at (0, 0)", es256({ x: zero, y: zero })],
    ["key not on the curve", es256({ y: x })],
    ["key with a coordinate too long", es256({ x: wide })],
    ["key with a coordinate too short", es256({ x: x.slice(0, 40) })],
    ["key with padded coordinates", es256({ x: `${x}=` })],
    ["key that says P-384", es256({ crv: "P-384" })],
    ["key that says ES384", es256({ alg: "ES384" })],
    ["key that says RSA", es256({ kty: "RSA" })],
    ["key for encryption", es256({ use: "enc" })],
    ["key set with a member twice", es256({}).replace('"kty":"EC"', '"kty":"EC","kty":"EC"')],
  ];
  return [
    ...table.map(([name, jwks]) => ({ name: `ES256: ${name}`, jwks, raw: token, accepted: false })),
    ...sizes,
    ...vectorsOf("ES256K", koblitz, [
      ["secp256k1", sign("sha256", Buffer.from(inputOf("ES256K")), { key: koblitz, dsaEncoding: "ieee-p1363" })],
    ]),
    ...vectorsOf("ES256", koblitz, [
      ["secp256k1", sign("sha256", Buffer.from(inputOf("ES256")), { key: koblitz, dsaEncoding: "ieee-p1363" })],
    ]),
    { name: "ES256: the key as it should be", jwks: jwksOf(jwkOf(keys.p256)), raw: token, accepted: true },
  ];
}
