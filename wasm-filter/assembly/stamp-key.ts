/**
 * One key of a stamp, bound to one algorithm (RFC 9421 §3.3.3 to §3.3.5, §7.3.6: the key decides, not the message). In come a
 * signature base and a signature, out goes the other or whether it holds. Effects: host calls for public-key algorithms.
 */
import { bytesOf } from "./ascii";
import { equalConstantTime } from "./constant-time";
import { toDer, toRaw } from "./der-signature";
import { HmacKey } from "./hmac-sha256";
import { nativeSign, nativeVerify } from "./native-crypto";

export const HMAC = "hmac-sha256";
export const ECDSA = "ecdsa-p256-sha256";
export const RSA = "rsa-v1_5-sha256";

/** Bytes of an RSA signature: keys of 2048 to 4096 bits. */
const MIN_RSA: i32 = 256;
const MAX_RSA: i32 = 512;

/** Times in seconds; a key serves from `notBefore` up to `notAfter`, both included. */
export class StampKey {
  /** From behind the nonce to the tag's value, as the parameters of a signature say it. */
  words: Uint8Array;

  constructor(
    public id: string,
    public algorithm: string,
    /** Null for the public-key algorithms. */
    private hmac: HmacKey | null,
    /** SPKI where keys verify, PKCS#8 where they sign. */
    private der: Uint8Array,
    private notBefore: i64,
    private notAfter: i64,
  ) {
    this.words = bytesOf(`";keyid="${id}";alg="${algorithm}";tag="`);
  }

  serves(now: i64): bool {
    return now >= this.notBefore && now <= this.notAfter;
  }

  /** Null when the host would not sign. `known` = first bytes of the base that are likely to come again. */
  sign(base: Uint8Array, known: i32): Uint8Array | null {
    const hmac = this.hmac;
    if (hmac !== null) return hmac.sign(base, known);
    const signature = nativeSign(this.der, base);
    if (signature === null) return null;
    if (this.algorithm == ECDSA) return toRaw(signature);
    return isRsaSize(signature) ? signature : null;
  }

  holds(base: Uint8Array, signature: Uint8Array, known: i32): bool {
    const hmac = this.hmac;
    if (hmac !== null) return equalConstantTime(hmac.sign(base, known), signature);
    if (this.algorithm == RSA) return isRsaSize(signature) && nativeVerify(this.der, signature, base);
    const der = toDer(signature);
    return der !== null && nativeVerify(this.der, der, base);
  }
}

function isRsaSize(signature: Uint8Array): bool {
  return signature.length >= MIN_RSA && signature.length <= MAX_RSA;
}
