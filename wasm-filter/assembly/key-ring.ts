/** The keys that stamps are made and checked with. In: an id and a time; out: a key that serves then. No effects. */
import { StampKey } from "./stamp-key";

/** A list, for there are few: at most 64 (read-keys.ts). */
export class KeyRing {
  private keys: StampKey[] = [];

  /** False when the id is taken. */
  add(key: StampKey): bool {
    if (this.has(key.id)) return false;
    this.keys.push(key);
    return true;
  }

  has(id: string): bool {
    return this.find(id) !== null;
  }

  /** The key if it serves at `now`, else null. */
  at(id: string, now: i64): StampKey | null {
    const key = this.find(id);
    return key !== null && key.serves(now) ? key : null;
  }

  private find(id: string): StampKey | null {
    for (let i = 0; i < this.keys.length; i++) if (this.keys[i].id == id) return this.keys[i];
    return null;
  }
}
