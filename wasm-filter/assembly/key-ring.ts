/** The keys that stamps are made and checked with. In: an id and a time; out: a key that serves then. No effects. */
import { HmacKey } from "./hmac-sha256";

/** Times in seconds; a key serves from `notBefore` up to `notAfter`, both included. */
export class StampKey {
  constructor(
    public id: string,
    public hmac: HmacKey,
    public notBefore: i64,
    public notAfter: i64,
  ) {}

  serves(now: i64): bool {
    return now >= this.notBefore && now <= this.notAfter;
  }
}

export class KeyRing {
  private keys: Map<string, StampKey> = new Map<string, StampKey>();

  /** False when the id is taken. */
  add(key: StampKey): bool {
    if (this.keys.has(key.id)) return false;
    this.keys.set(key.id, key);
    return true;
  }

  has(id: string): bool {
    return this.keys.has(id);
  }

  /** The key if it serves at `now`, else null. */
  at(id: string, now: i64): StampKey | null {
    if (!this.keys.has(id)) return null;
    const key = this.keys.get(id);
    return key.serves(now) ? key : null;
  }
}
