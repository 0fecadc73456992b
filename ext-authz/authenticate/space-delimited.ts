/**
 * What policy matches on: the claims, with chosen top-level strings split at spaces (Envoy's normalize_payload, always for
 * `scope` and `permission`). In: verified claims. Out: a copy, or the claims themselves when nothing was split. Pure.
 */
import { newMembers } from "../members.ts";
import type { JsonObject, JsonValue } from "../model.ts";
import { pairMemo } from "../pair-memo.ts";
import { member } from "./strict-json.ts";

export const ALWAYS_SPLIT: readonly string[] = ["permission", "scope"];

/** Once for each token that is remembered: its claims are one object with every request. */
const splitOnce = pairMemo(split);

export function splitClaims(claims: JsonObject, names: ReadonlySet<string>): JsonObject {
  return splitOnce(names, claims);
}

function split(names: ReadonlySet<string>, claims: JsonObject): JsonObject {
  let payload: { [name: string]: JsonValue } | undefined;
  for (const name of names) {
    const value = member(claims, name);
    if (typeof value !== "string") continue;
    payload ??= Object.assign(newMembers(), claims);
    // A copy: a filtered list has room for sixteen more, and this one is kept.
    payload[name] = Object.freeze(
      value
        .split(" ")
        .filter((part) => part !== "")
        .slice(),
    );
  }
  return payload === undefined ? claims : Object.freeze(payload);
}
