/**
 * Which one-time proofs were used (RFC 9449 §11.1). In: a proof that holds, the time. Out: whether it is new. A bounded
 * memory: when it is full of proofs that still count, a new one is refused as our failure, since forgetting an old one would
 * let it be used again; and no single key may fill more than its share, so that one client cannot shut the others out.
 */
import { createHash } from "node:crypto";
import type { Proof } from "./credential.ts";

export interface ReplayCache {
  use(proof: Proof, now: number): "new" | "replayed" | "full";
}

/** @param entries of all keys; a key may have a sixteenth of them */
export function createReplayCache(entries: number): ReplayCache {
  const share = Math.max(1, Math.floor(entries / 16));
  const used = new Map<string, { readonly thumbprint: string; readonly until: number }>();
  const counts = new Map<string, number>();

  function forgetEnded(now: number): void {
    for (const [name, { thumbprint, until }] of used) {
      if (until >= now) return;
      used.delete(name);
      const left = (counts.get(thumbprint) ?? 1) - 1;
      if (left === 0) counts.delete(thumbprint);
      else counts.set(thumbprint, left);
    }
  }

  return {
    use(proof, now) {
      const { thumbprint, until } = proof;
      forgetEnded(now);
      // Hashed: a `jti` may be as long as a token.
      const name = createHash("sha256")
        .update(JSON.stringify([thumbprint, proof.id]))
        .digest("base64url");
      if (used.has(name)) return "replayed";
      const count = counts.get(thumbprint) ?? 0;
      if (used.size >= entries || count >= share) return "full";
      used.set(name, { thumbprint, until });
      counts.set(thumbprint, count + 1);
      return "new";
    },
  };
}
