/**
 * What `/v1/stamp-keys` answers. In: the keys in force, the tokens that may ask, what was asked, the time. Out: an answer; without
 * a token it tells nothing but that one is needed. No key is given for longer than `lifetimeSeconds`: a proxy that cannot ask any
 * more, or that was cut off because it must not, ends with them. Pure.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { StampKeySet, StampKeyText, StampKeyViews } from "../config/read-stamp-keys.ts";
import type { Asked, HttpAnswer } from "../transport/http-server.ts";

export interface StampKeys {
  readonly views: StampKeyViews;
  /** Bearer token for all that is there. */
  readonly token: string;
  /** Bearer token for what verifies alone; "" = there is none. */
  readonly verifyToken: string;
  readonly lifetimeSeconds: number;
}

/** A lifetime begins anew so often in its own course: between two of these moments an answer stays what it was, and so its tag. */
const STEPS = 24;

const json = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer => {
  return { status, contentType: "application/json", body, headers };
};

/** @param now seconds since the epoch */
export function answerStampKeys(
  { views, token, verifyToken, lifetimeSeconds }: StampKeys,
  asked: Asked,
  now: number,
): HttpAnswer {
  const all = brings(asked, token);
  // Both are compared whatever the first says: how long it takes tells nothing.
  const some = brings(asked, verifyToken) || all;
  if (!some) return json(401, '{"error":"a token is needed"}\n', { "www-authenticate": "Bearer" });
  const purpose = new URLSearchParams(asked.query).getAll("for");
  if (purpose.length > 1 || (purpose[0] ?? "verify") !== "verify") return json(400, '{"error":"for=verify or none"}\n');
  if (purpose.length === 0 && !all) return json(403, '{"error":"this token may ask for=verify"}\n');
  const view = purpose.length === 1 ? views.verify : views.sign;
  if (view === undefined) return json(404, '{"error":"no key here signs"}\n');
  const text = JSON.stringify(bounded(view, lifetimeSeconds, now));
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  return asked.ifNoneMatch === etag ? json(304, "", { etag }) : json(200, text, { etag });
}

/** Every server of equal keys and settings says the same at one time, so that a proxy may ask any of them. */
function bounded(set: StampKeySet, lifetimeSeconds: number, now: number): StampKeySet {
  const step = Math.floor(lifetimeSeconds / STEPS);
  const until = Math.floor(now / step) * step + lifetimeSeconds;
  return { ...set, keys: set.keys.map((key) => ({ ...key, notAfter: last(key, until) })) };
}

/** A key that begins after that is given for the second in which it begins: none ends before it begins. */
function last({ notBefore = 0, notAfter = Number.POSITIVE_INFINITY }: StampKeyText, until: number): number {
  return Math.min(notAfter, Math.max(until, notBefore));
}

function brings({ authorization }: Asked, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`)) && token !== "";
}
