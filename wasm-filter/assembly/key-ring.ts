/**
 * The keys that stamps are made and checked with: those of the configuration, and those that were fetched. In: an id and a
 * time; out: a key that serves then. No effects.
 */
import { KeysFrom } from "./keys-from";
import { StampKey } from "./stamp-key";

/** What was fetched, in one place for all rings of the same source. */
class Fetched {
  keys: StampKey[] = [];
  /** Id of the key that signs; "" = as configured. */
  sign: string = "";
}

/** Lists, for there are few: at most 64 each (read-keys.ts). */
export class KeyRing {
  private keys: StampKey[] = [];
  private fetched: Fetched = new Fetched();
  /** Null = no key is fetched. */
  from: KeysFrom | null = null;

  get isEmpty(): bool {
    return this.keys.length == 0 && !this.isFetched;
  }

  get isFetched(): bool {
    return this.fetched.keys.length > 0;
  }

  /** False when the id is taken. */
  add(key: StampKey): bool {
    if (this.isConfigured(key.id)) return false;
    this.keys.push(key);
    return true;
  }

  isConfigured(id: string): bool {
    return find(this.keys, id) !== null;
  }

  /** From now on the fetched keys are these, and no others. */
  take(keys: KeyRing, sign: string): void {
    this.fetched.keys = keys.keys;
    this.fetched.sign = sign;
  }

  isOf(from: KeysFrom): bool {
    const own = this.from;
    return own !== null && own.isLike(from);
  }

  /** What one of them takes, both have. */
  share(other: KeyRing): void {
    this.fetched = other.fetched;
  }

  /** The key if it serves at `now`, else null. A fetched key stands for a configured one of its id. */
  at(id: string, now: i64): StampKey | null {
    let key = find(this.fetched.keys, id);
    if (key === null) key = find(this.keys, id);
    return key !== null && key.serves(now) ? key : null;
  }

  /** The key that signs at `now`; `id` is the configured one. */
  signer(id: string, now: i64): StampKey | null {
    return this.at(this.fetched.sign == "" ? id : this.fetched.sign, now);
  }
}

function find(keys: StampKey[], id: string): StampKey | null {
  for (let i = 0; i < keys.length; i++) if (keys[i].id == id) return keys[i];
  return null;
}
