/**
 * What `/v1/stamp-keys` answers. In: the keys in force, the tokens that may ask, what was asked. Out: an answer; without a token
 * it tells nothing but that one is needed. Pure.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { StampKeyViews } from "../config/read-stamp-keys.ts";
import type { Asked, HttpAnswer } from "../transport/http-server.ts";

export interface StampKeys {
  readonly views: StampKeyViews;
  /** Bearer token for all that is there. */
  readonly token: string;
  /** Bearer token for what verifies alone; "" = there is none. */
  readonly verifyToken: string;
}

const json = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer => {
  return { status, contentType: "application/json", body, headers };
};

export function answerStampKeys({ views, token, verifyToken }: StampKeys, asked: Asked): HttpAnswer {
  const all = brings(asked, token);
  // Both are compared whatever the first says: how long it takes tells nothing.
  const some = brings(asked, verifyToken) || all;
  if (!some) return json(401, '{"error":"a token is needed"}\n', { "www-authenticate": "Bearer" });
  const purpose = new URLSearchParams(asked.query).getAll("for");
  if (purpose.length > 1 || (purpose[0] ?? "verify") !== "verify") return json(400, '{"error":"for=verify or none"}\n');
  if (purpose.length === 0 && !all) return json(403, '{"error":"this token may ask for=verify"}\n');
  const view = purpose.length === 1 ? views.verify : views.sign;
  if (view === undefined) return json(404, '{"error":"no key here signs"}\n');
  const etag = `"${createHash("sha256").update(view).digest("base64url")}"`;
  return asked.ifNoneMatch === etag ? json(304, "", { etag }) : json(200, view, { etag });
}

function brings({ authorization }: Asked, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`)) && token !== "";
}
