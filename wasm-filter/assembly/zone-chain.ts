/**
 * The zones that a request came through, as `x-countersign-zone` names them: `edge` after one, `edge, dmz` after two. In comes the
 * header's value, out go the names, or nothing when it is not exactly such a list. No effects.
 */
import { byteAt, find, textOf } from "./ascii";
import { isZone } from "./names";

/** A chain longer than this is a loop. */
export const MAX_ZONES: i32 = 8;
const MAX_BYTES: i32 = 520;

/** Null unless the value is 1 to 8 different zones, each but the last followed by `, `. */
export function readChain(value: Uint8Array): string[] | null {
  const zones: string[] = [];
  if (value.length > MAX_BYTES) return null;
  let at = 0;
  while (true) {
    const comma = find(value, 0x2c, at, value.length);
    const zone = textOf(value, at, comma < 0 ? value.length : comma);
    if (!isZone(zone) || zones.includes(zone) || zones.length == MAX_ZONES) return null;
    zones.push(zone);
    if (comma < 0) return zones;
    if (byteAt(value, comma + 1) != 0x20) return null;
    at = comma + 2;
  }
}

/** True when `last` may stamp, and the zones before it are known to have led there. */
export function isTrustedChain(zones: string[], last: string[], before: string[]): bool {
  const end = zones.length - 1;
  for (let i = 0; i < end; i++) if (!before.includes(zones[i])) return false;
  return last.includes(zones[end]);
}
