/**
 * When a token may make us ask its issuer for newer keys. Anybody can send a token with an invented `kid`; without this gate
 * each would become a request to the issuer. In: attempts, key ids that stayed unknown. Out: yes or no. A small memory.
 */

import { createHash } from "node:crypto";

export interface RenewalGate {
  tried(now: number): void;
  opens(kid: string, now: number): boolean;
  /** The issuer was asked and does not know this `kid`. */
  missed(kid: string, now: number): void;
  /** The keys have changed: what was unknown may be known. */
  forget(): void;
}

/** A `kid` that the issuer did not know is not asked for again before so many cooldowns have passed. */
const NEGATIVE_COOLDOWNS = 4;
const MAX_REMEMBERED = 256;

export function newRenewalGate(cooldownSeconds: number): RenewalGate {
  const unknownUntil = new Map<string, number>();
  let triedAt = Number.NEGATIVE_INFINITY;
  return {
    tried(now) {
      triedAt = now;
    },
    opens(kid, now) {
      if (now - triedAt < cooldownSeconds) return false;
      return now >= (unknownUntil.get(nameOf(kid)) ?? Number.NEGATIVE_INFINITY);
    },
    missed(kid, now) {
      const name = nameOf(kid);
      unknownUntil.delete(name);
      unknownUntil.set(name, now + cooldownSeconds * NEGATIVE_COOLDOWNS);
      const oldest = unknownUntil.keys().next();
      if (unknownUntil.size > MAX_REMEMBERED && oldest.done !== true) unknownUntil.delete(oldest.value);
    },
    forget() {
      unknownUntil.clear();
    },
  };
}

/** A `kid` may be as long as a token, and a piece of a text holds all of it. */
function nameOf(kid: string): string {
  return createHash("sha256").update(kid).digest("base64");
}
