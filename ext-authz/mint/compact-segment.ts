/** One segment of a compact JWS (RFC 7515 §7.1): JSON in, base64url out. Pure. */
import type { JsonObject } from "../model.ts";

export function compactSegment(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}
