// Bytes and header maps as text that is the same in every host: only headers that a test itself sends.

import { headerPairs, MapType, textOf } from "proxy-wasm-sdk-as/assembly";

const SHOWN = [":method", ":path", "accept", "authorization", "cookie", "user-agent", "x-forwarded-host"];

export function shown(bytes: Uint8Array | null): string {
  return bytes === null ? "(none)" : "[" + textOf(bytes) + "]";
}

export function pairs(map: MapType): string {
  const all = headerPairs(map);
  if (!all.ok) return "status " + all.status.toString();
  let text = "";
  for (let i = 0; i < all.length; i++) {
    const name = all.nameString(i);
    if (name.startsWith("x-t-") || SHOWN.includes(name)) text += name + "=" + all.valueString(i) + ",";
  }
  return text;
}
