/**
 * The path as the upstream will see it: in comes the request target as it reached us, out goes its path after what the
 * Envoy in front was told to do, and its query. Idempotent on what Envoy normalized already. Pure.
 *
 * Source: Istio MeshConfig.pathNormalization; Envoy `normalize_path` (googleurl canonicalization), `merge_slashes`,
 * `path_with_escaped_slashes_action`, and the stripping of parameters from dot segments (CVE-2026-73551).
 */
import type { PathNormalization } from "../config/settings.ts";

export interface Target {
  readonly path: string;
  /** Without the `?`; "" when there is none. */
  readonly query: string;
}

/** Never throws; a malformed escape stays as it is, as in Envoy. */
export function normalizePath(target: string, mode: PathNormalization): Target {
  const fragment = target.indexOf("#");
  const bare = fragment < 0 ? target : target.slice(0, fragment);
  const mark = bare.indexOf("?");
  const raw = mark < 0 ? bare : bare.slice(0, mark);
  const query = mark < 0 ? "" : bare.slice(mark + 1);
  return { path: normalize(raw, mode), query };
}

// What no step changes: most paths. One scan instead of three rewrites.
const PLAIN = /^\/[A-Za-z0-9\-_~!$&'()*+,;:=@/]*$/;

function normalize(raw: string, mode: PathNormalization): string {
  // `*` of OPTIONS and the authority form of CONNECT are not paths.
  if (mode === "NONE" || !raw.startsWith("/")) return raw;
  const merge = mode !== "BASE";
  if (PLAIN.test(raw)) return merge && raw.includes("//") ? mergeSlashes(raw) : raw;
  const unescaped = mode === "DECODE_AND_MERGE_SLASHES" ? decodeSlashes(raw) : raw;
  const canonical = removeDotSegments(canonicalBytes(stripDotParameters(unescaped)));
  return merge ? mergeSlashes(canonical) : canonical;
}

function decodeSlashes(path: string): string {
  return path.replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
}

/** `/..;x/` means `/../` to many servers, so Envoy reads it so, before `\` and `%2e` are looked at. */
function stripDotParameters(path: string): string {
  return path.replace(/\/(\.\.?);[^/]*/g, "/$1");
}

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Decodes escapes of unreserved characters once, writes what may not stand in a path as escapes, turns `\` to `/`. */
function canonicalBytes(path: string): string {
  let out = "";
  for (let at = 0; at < path.length; at++) {
    const char = path[at] ?? "";
    if (char === "\\") {
      out += "/";
    } else if (char === "%") {
      const code = hexByte(path, at + 1);
      const decoded = code < 0 ? "" : String.fromCharCode(code);
      if (code >= 0 && code < 0x80 && UNRESERVED.test(decoded)) {
        out += decoded;
        at += 2;
      } else {
        out += char;
      }
    } else if (char <= " " || char >= "\u007f" || '"<>^`{|}'.includes(char)) {
      const point = String.fromCodePoint(path.codePointAt(at) ?? 0xfffd);
      at += point.length - 1;
      for (const byte of new TextEncoder().encode(point)) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    } else {
      out += char;
    }
  }
  return out;
}

/** The byte that two hex digits at `at` spell, or -1. */
function hexByte(text: string, at: number): number {
  const digits = text.slice(at, at + 2);
  return /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}

/** RFC 3986 §5.2.4 as browsers do it: `..` takes one segment, be it empty; above the root it is dropped. */
function removeDotSegments(path: string): string {
  const out: string[] = [];
  const segments = path.slice(1).split("/");
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === "..") {
      out.pop();
      if (last) out.push("");
    } else if (segment === ".") {
      if (last) out.push("");
    } else {
      out.push(segment);
    }
  });
  return `/${out.join("/")}`;
}

function mergeSlashes(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}
