/**
 * One request of the soak and what must come of it; the seeded chance that all are made with. In: kinds with weights. Out:
 * requests as bytes. No effects.
 */

/** One request and its only right answer. */
export interface Shot {
  /** Made anew for each sending where it bears a stamp of now. */
  readonly bytes: () => Buffer;
  readonly status: number;
  /** The reason under which a stand must count one more; "" = no stand refused it. */
  readonly reason: string;
  /** Comes into the inner zone through the edge; into the zone behind that. */
  readonly stamped: boolean;
  readonly deep: boolean;
  /** Refused by the server, not by a stand. */
  readonly denied: boolean;
  /** The same bytes once more must come to this. */
  readonly again?: { readonly status: number; readonly reason: string };
}

/** What a kind says besides its lines; the rest is as of a request that passes the guard and goes nowhere. */
export interface Kind extends Partial<Omit<Shot, "bytes">> {
  readonly weight: number;
  readonly status: number;
  /** Request line and header lines, then the body where there is one. Called for each sending when `fresh`. */
  readonly lines: (random: Chance) => readonly string[];
  readonly fresh?: boolean;
}

/** 0 ≤ x < 1, repeatable (mulberry32). */
export type Chance = () => number;

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function shot(random: Chance, kinds: readonly Kind[]): Shot {
  let at = random() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  const kind =
    kinds.find(({ weight }) => {
      at -= weight;
      return at < 0;
    }) ?? kinds[0];
  if (kind === undefined) throw new Error("no kinds");
  const { status, reason = "", stamped = false, deep = false, denied = false, again } = kind;
  const made = kind.fresh === true ? undefined : request(kind.lines(random));
  const bytes = () => made ?? request(kind.lines(random));
  return { bytes, status, reason, stamped, deep, denied, ...(again && { again }) };
}

/** An empty line among the lines ends the head: what follows is the body. */
function request([first = "", ...lines]: readonly string[]): Buffer {
  const end = lines.indexOf("");
  const head = end < 0 ? lines : lines.slice(0, end);
  const body = end < 0 ? "" : lines.slice(end + 1).join("\r\n");
  return Buffer.from(`${[first, `host: ${HOST}`, ...head, "", ""].join("\r\n")}${body}`, "latin1");
}

export const HOST = "soak.example";

export const number = (random: Chance, below: number): number => Math.floor(random() * below);

export const pick = <T>(random: Chance, from: readonly T[]): T => {
  const picked = from[number(random, from.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
};

/** Visible characters and obs-text. */
export const noise = (random: Chance, length: number): string =>
  Array.from({ length }, () => String.fromCharCode(0x21 + number(random, 0x5d) + (random() < 0.3 ? 0x80 : 0))).join("");
