/**
 * Keys of every algorithm that stamps know, and the host's native crypto done by Node. In: nothing. Out: key members for
 * plugin configurations, and the foreign functions `sign` and `verify_signature` as Envoy answers them.
 */
import {
  createPrivateKey,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  generateKeyPairSync,
} from "node:crypto";
import { type JsonFields, SECRET } from "./stands.ts";

const der = (type: "spki" | "pkcs8") => ({ format: "der", type }) as const;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const base64 = (bytes: Buffer) => bytes.toString("base64");

export interface TestKey {
  readonly algorithm: "hmac-sha256" | "ecdsa-p256-sha256" | "rsa-v1_5-sha256";
  /** Member of `keys` at the stamp, and at the guard. */
  readonly signing: JsonFields;
  readonly verifying: JsonFields;
}

const pair = (algorithm: TestKey["algorithm"], id: string, keys: typeof ec): TestKey => ({
  algorithm,
  signing: { id, algorithm, privateKey: base64(keys.privateKey.export(der("pkcs8"))) },
  verifying: { id, algorithm, publicKey: base64(keys.publicKey.export(der("spki"))) },
});

export const ECDSA = pair("ecdsa-p256-sha256", "ec1", ec);
export const RSA = pair("rsa-v1_5-sha256", "rsa1", rsa);
export const HMAC: TestKey = {
  algorithm: "hmac-sha256",
  signing: { id: "k1", secret: SECRET },
  verifying: { id: "k1", secret: SECRET },
};
export const KEY_OBJECTS = { ecdsa: ec, rsa };

/** P-384: what no algorithm of ours takes. */
export const WRONG_CURVE = base64(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export(der("spki")));

const BAD_ARGUMENT = 2;

/** Length-delimited fields of a small message by number. */
function fields(message: Uint8Array): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < message.length; ) {
    const number = (message[at++] ?? 0) >> 3;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const code = message[at++] ?? 0;
      length |= (code & 0x7f) << shift;
      if (code < 0x80) break;
    }
    found.set(number, Buffer.from(message.subarray(at, at + length)));
    at += length;
  }
  return found;
}

function field(number: number, value: Buffer): Buffer {
  const size = value.length < 0x80 ? [value.length] : [(value.length & 0x7f) | 0x80, value.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), value]);
}

const none = Buffer.alloc(0);
const guarded = (act: () => Buffer): Uint8Array | number => {
  try {
    return new Uint8Array(act());
  } catch {
    return BAD_ARGUMENT;
  }
};

/** For `createHost({ foreignFunctions })`. A key that cannot be read is BadArgument, a false signature an empty flag. */
export const nativeCrypto = {
  sign: (message: Uint8Array) =>
    guarded(() => {
      const args = fields(message);
      const key = createPrivateKey({ key: args.get(2) ?? none, format: "der", type: "pkcs8" });
      return Buffer.concat([Buffer.from([8, 1]), field(2, cryptoSign("sha256", args.get(3) ?? none, key))]);
    }),
  verify_signature: (message: Uint8Array) =>
    guarded(() => {
      const args = fields(message);
      const key = createPublicKey({ key: args.get(2) ?? none, format: "der", type: "spki" });
      const holds = cryptoVerify("sha256", args.get(4) ?? none, key, args.get(3) ?? none);
      return holds ? Buffer.from([8, 1]) : field(2, Buffer.from("Failed to verify digest"));
    }),
};
