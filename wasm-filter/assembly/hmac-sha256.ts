/**
 * HMAC-SHA-256 (RFC 2104). A key is made once into its two keyed states; then a signature costs the message and one
 * more block. In come bytes, out go 32 bytes. No effects.
 */
import { BLOCK_BYTES, compress, DIGEST_BYTES, finish, sha256, start } from "./sha256";

const STATE = memory.data(32);
const INNER = memory.data(32);

export class HmacKey {
  private inner: Uint8Array = new Uint8Array(DIGEST_BYTES);
  private outer: Uint8Array = new Uint8Array(DIGEST_BYTES);

  constructor(secret: Uint8Array) {
    const key = secret.length > BLOCK_BYTES ? sha256(secret) : secret;
    keyed(this.inner, key, 0x36);
    keyed(this.outer, key, 0x5c);
  }

  /** The 32-byte code of `message`. */
  sign(message: Uint8Array): Uint8Array {
    const out = new Uint8Array(DIGEST_BYTES);
    memory.copy(STATE, this.inner.dataStart, DIGEST_BYTES);
    finish(STATE, message.dataStart, message.length, BLOCK_BYTES, INNER);
    memory.copy(STATE, this.outer.dataStart, DIGEST_BYTES);
    finish(STATE, INNER, DIGEST_BYTES, BLOCK_BYTES, out.dataStart);
    return out;
  }
}

function keyed(state: Uint8Array, key: Uint8Array, pad: u8): void {
  const block = new Uint8Array(BLOCK_BYTES);
  for (let i = 0; i < BLOCK_BYTES; i++) block[i] = pad ^ (i < key.length ? key[i] : 0);
  start(state.dataStart);
  compress(state.dataStart, block.dataStart);
}
