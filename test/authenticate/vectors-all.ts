/**
 * Signatures and spellings that somebody made to be accepted, and the good ones that they are made from, as one table: each
 * case is a key set, a token and whether it may be accepted. Made anew at each run from keys of that run; no effects.
 */
import type { Vector } from "./vectors.ts";
import { ecCases } from "./vectors-ec.ts";
import { ed25519Cases } from "./vectors-ed25519.ts";
import { jsonCases } from "./vectors-json.ts";
import { pssCases } from "./vectors-pss.ts";
import { rsaCases } from "./vectors-rsa.ts";

export const allVectors: readonly Vector[] = [
  ...ecCases(),
  ...rsaCases(),
  ...pssCases(),
  ...ed25519Cases(),
  ...jsonCases(),
];
