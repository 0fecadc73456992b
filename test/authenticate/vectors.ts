/** What a case of the hostile tables is, and what all of them are made with: the input to sign, numbers, lengths. Pure. */
import type { KeyObject } from "node:crypto";
import { encode, goodClaims, jwkOf, jwksOf } from "./forge.ts";

export interface Vector {
  readonly name: string;
  readonly jwks: string;
  readonly raw: string;
  readonly accepted: boolean;
}

/** By name: a signature over the input, and whether it is good. */
export type Signatures = readonly (readonly [name: string, signature: Uint8Array, accepted?: boolean])[];

export const CLAIMS = goodClaims({ aud: "svc" });

export function inputOf(alg: string): string {
  return `${encode(JSON.stringify({ alg }))}.${encode(JSON.stringify(CLAIMS))}`;
}

export function vectorsOf(
  alg: string,
  key: KeyObject,
  signatures: Signatures,
  members: object = {},
): readonly Vector[] {
  const jwks = jwksOf(jwkOf(key, members));
  return signatures.map(([name, signature, accepted = false]) => ({
    name: `${alg}: ${name}`,
    jwks,
    raw: `${inputOf(alg)}.${encode(signature)}`,
    accepted,
  }));
}

export function bytesOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex");
}

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** What every signature of a fixed length must not be. */
export function wrongLengths(good: Uint8Array): Signatures {
  const zero = Buffer.alloc(1);
  return [
    ["the last byte cut off", good.subarray(0, -1)],
    ["the first byte cut off", good.subarray(1)],
    ["a zero behind", Buffer.concat([good, zero])],
    ["a zero in front", Buffer.concat([zero, good])],
    ["half of it", good.subarray(0, good.length / 2)],
    ["twice", Buffer.concat([good, good])],
    ["one byte", good.subarray(0, 1)],
    ["all zero", Buffer.alloc(good.length)],
    ["all ones", Buffer.alloc(good.length, 0xff)],
    ["backwards", Buffer.from(good).reverse()],
  ];
}
