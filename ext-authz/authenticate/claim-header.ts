/**
 * A claim as the value of a request header, rendered as Envoy's jwt_authn does (istio-semantics §3.8). In: verified claims
 * and a dotted claim name. Out: the text, or undefined when no header is to be written. Pure.
 */
import type { JsonObject, JsonValue } from "../model.ts";
import { isJsonObject, member } from "./strict-json.ts";

export function renderClaim(claims: JsonObject, path: readonly string[]): string | undefined {
  const text = render(claimAt(claims, path));
  return text === "" || !isHeaderSafe(text) ? undefined : text;
}

/** Names between the dots; a claim name that itself has a dot cannot be reached. */
export function claimAt(claims: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = claims;
  for (const name of path) {
    if (!isJsonObject(value)) return undefined;
    value = member(value, name);
  }
  return value;
}

function render(value: JsonValue | undefined): string {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return String(value);
    case "number":
      return renderNumber(value);
    case "object":
      return value === null ? "" : Buffer.from(JSON.stringify(value), "utf8").toString("base64");
    default:
      return "";
  }
}

/** Whole and below 2^64: an integer. All else as C's `%f`. */
function renderNumber(value: number): string {
  if (Number.isInteger(value)) {
    const digits = BigInt(value).toString();
    return value >= 0 && value < 2 ** 64 ? digits : `${digits}.000000`;
  }
  return roundHalfEven(value);
}

/** toFixed rounds an exact tie away from zero, C to the even digit. */
function roundHalfEven(value: number): string {
  const rounded = value.toFixed(6);
  const exact = value.toFixed(25);
  const isTie = exact.slice(-19) === "5000000000000000000";
  return isTie && "13579".includes(rounded.slice(-1)) ? exact.slice(0, -19) : rounded;
}

/** A claim with a line break would write a header line of its own; no control character may pass but the tab. */
function isHeaderSafe(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}
