/**
 * HMAC-SHA-256 (RFC 2104). A key is made once into its two keyed states; then a signature costs the message and one
 * more block. In come bytes, out go 32 bytes. Effects: the memory of hmac-states.ts.
 */
import { takeBlocks } from "./hmac-states";
import { BLOCK_BYTES, compress, DIGEST_BYTES, finish, sha256, start } from "./sha256";

const STATE = memory.data(32);
const INNER = memory.data(32);

/** Keys made so far: the number of a key is never another's. */
let count: u32 = 0;

export class HmacKey {
  private inner: Uint8Array = new Uint8Array(DIGEST_BYTES);
  private outer: Uint8Array = new Uint8Array(DIGEST_BYTES);
  private id: u32 = ++count;

  constructor(secret: Uint8Array) {
    const key = secret.length > BLOCK_BYTES ? sha256(secret) : secret;
    keyed(this.inner, key, 0x36);
    keyed(this.outer, key, 0x5c);
  }

  /** The 32-byte code of `message`, whose first `known` bytes are likely to come again. */
  sign(message: Uint8Array, known: i32 = 0): Uint8Array {
    const out = new Uint8Array(DIGEST_BYTES);
    const at = message.dataStart;
    memory.copy(STATE, this.inner.dataStart, DIGEST_BYTES);
    const done = <i32>takeBlocks(this.id, STATE, at, <u32>min(known, message.length));
    finish(STATE, at + done, message.length - done, BLOCK_BYTES + done, INNER);
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
