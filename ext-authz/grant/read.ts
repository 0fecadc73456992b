/**
 * What a decision can be made from, in the words of a grant (docs/grants.md). Each field, judge and policy says which of
 * these it reads; what has no word here cannot be read by something that is granted. Pure; no imports.
 */

/** One input that the guard's key takes in only when it is named. */
export type Atom = "query" | "scheme" | "connection" | HeaderAtom;
export type HeaderAtom = `header:${string}`;

/** Read, and no key can hold it: such decisions are never granted. */
export type Barrier = (typeof BARRIERS)[number];
export const BARRIERS = ["metadata", "request_id", "opaque_policy"] as const;

export type Read =
  | Atom
  | Barrier
  /** Method, authority, route: in every key. */
  | "key"
  /** What verified credentials say. It follows from the places where credentials stand, which are read for every request. */
  | "credential"
  /** The path, through a matcher that the path class knows: the clause's operands are patterns of `paths`. */
  | "path"
  /** The path in any other way. */
  | "whole_path";

/** RFC 9110 §5.1, in lower case: what Envoy lets through as a name. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const MAX_NAME = 256;

/** The lines of a request header. @param name lower-case, no pseudo header */
export function headerRead(name: string): Read {
  // One for each request: a key with it never fits again.
  if (name === "x-request-id") return "request_id";
  return name.length <= MAX_NAME && TOKEN.test(name) ? `header:${name}` : "opaque_policy";
}

export function isAtom(read: string): read is Atom {
  return read === "query" || read === "scheme" || read === "connection" || read.startsWith("header:");
}

export function isBarrier(read: Read): read is Barrier {
  return BARRIERS.some((barrier) => barrier === read);
}

/** The peer's address, identity, certificate and server name, and our own address: constant for a connection. */
export const CONNECTION: readonly Read[] = ["connection"];
export const KEY: readonly Read[] = ["key"];
export const CREDENTIAL: readonly Read[] = ["credential"];
/** DESIGN §5: the client behind trusted proxies, else the peer. */
export const REMOTE_ADDRESS: readonly Read[] = ["connection", "header:x-forwarded-for"];
