/**
 * Ids for decisions and tokens: random UUIDs (RFC 9562 §5.4), made a few hundred at a time. In: random bytes. Out: one after the other,
 * none twice. Node's own are joined from twenty parts each, which whoever writes them has to put together again.
 */

const IDS = 256;
const BYTES = 16;
/** Digits and hyphens. */
const LENGTH = 36;
const HYPHENS: ReadonlySet<number> = new Set([8, 13, 18, 23]);
const DIGITS = Buffer.from("0123456789abcdef", "latin1");
const HYPHEN = 0x2d;

/** @param randomBytes from the system's chance: who could guess an id could ask for its record */
export function newIds(randomBytes: (count: number) => Uint8Array): () => string {
  let ids = "";
  let at = 0;
  return () => {
    if (at === ids.length) {
      ids = written(randomBytes(IDS * BYTES));
      at = 0;
    }
    at += LENGTH;
    return ids.slice(at - LENGTH, at);
  };
}

function written(random: Uint8Array): string {
  const text = Buffer.alloc(IDS * LENGTH, HYPHEN);
  for (let id = 0; id < IDS; id++) {
    const from = BYTES * id;
    // Version 4, variant 10.
    random[from + 6] = ((random[from + 6] ?? 0) & 0x0f) | 0x40;
    random[from + 8] = ((random[from + 8] ?? 0) & 0x3f) | 0x80;
    let digit = 0;
    for (let place = 0; place < LENGTH; place++) {
      if (HYPHENS.has(place)) continue;
      const byte = random[from + (digit >> 1)] ?? 0;
      text[LENGTH * id + place] = DIGITS[(digit & 1) === 0 ? byte >> 4 : byte & 0x0f] ?? 0;
      digit++;
    }
  }
  return text.toString("latin1");
}
