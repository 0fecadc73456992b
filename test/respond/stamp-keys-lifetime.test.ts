/**
 * What the server answers and what the filter makes of it, together: stands that ask go on for ever, stands that cannot ask any
 * more end with the keys' lifetime, and never sooner than 23 of its 24 parts.
 */
import { beforeEach, expect, it } from "vitest";
import { readStampKeys } from "../../ext-authz/config/read-stamp-keys.ts";
import { answerStampKeys, type StampKeys } from "../../ext-authz/respond/stamp-keys.ts";
import {
  begin,
  count,
  type Fetching,
  FROM,
  fetching,
  K1,
  pass,
  STAMPS,
  stampedWith,
  TOKEN,
  VERIFIES,
} from "../wasm-filter/fetching.ts";
import { NOW, request } from "../wasm-filter/stands.ts";

const LIFETIME = 2400;
const STEP = LIFETIME / 24;
const POLL = 60;

let seconds = 0;
beforeEach(async () => {
  seconds = 0;
  await begin();
});

function keys(): StampKeys {
  const read = readStampKeys(JSON.stringify({ keys: [K1], sign: "k1" }));
  if (!read.ok) throw new Error(read.error.join("; "));
  return { views: read.value, token: TOKEN, verifyToken: "", lifetimeSeconds: LIFETIME };
}

const served = keys();
const slow = (stand: typeof STAMPS) => ({ ...stand, keysFrom: { ...FROM, pollMilliseconds: POLL * 1000 } });
const stamps = slow(STAMPS);
const guards = { ...VERIFIES, stamp: { zones: ["edge"], keysFrom: { ...FROM, pollMilliseconds: POLL * 1000 } } };

/** Time goes on by a poll; the calls that wait are answered by the server's own function, or not at all. */
function go(stands: readonly Fetching[], reachable = true): void {
  for (let second = 0; second < POLL; second++) {
    pass(1000);
    seconds++;
    for (const { plugin } of stands) for (const call of plugin.calls) answer(call, reachable);
  }
}

function answer(call: Fetching["plugin"]["calls"][number], reachable: boolean): void {
  if (!reachable) {
    call.fail();
    return;
  }
  const header = (name: string) => call.headers.find(([line]) => line === name)?.[1] ?? "";
  const [, query = ""] = header(":path").split("?");
  const asked = { authorization: header("authorization"), query, ifNoneMatch: header("if-none-match") };
  const { status, body, headers } = answerStampKeys(served, asked, NOW + seconds);
  call.respond({
    headers: [
      [":status", String(status)],
      ["etag", headers?.["etag"] ?? ""],
    ],
    body,
  });
}

it("stands that ask go on past a lifetime, and take a new answer for each step at most", () => {
  const [stamp, guard] = [fetching(stamps), fetching(guards)];
  const polls = (1.5 * LIFETIME) / POLL;
  for (let poll = 0; poll < polls; poll++) {
    go([stamp, guard]);
    expect(stamp.ask().outcome).toBe("");
    expect(guard.ask(stampedWith(K1)).outcome).toBe("");
  }
  expect(count("stamp", "failed")).toBe(0);
  expect(count("stamp", "changed")).toBeLessThanOrEqual((1.5 * LIFETIME) / STEP + 1);
  expect(count("stamp", "changed")).toBeGreaterThanOrEqual(36);
});

it("stands that are cut off serve on for 23 of 24 parts of the lifetime, and end with it", () => {
  const [stamp, guard] = [fetching(stamps), fetching(guards)];
  go([stamp, guard]);
  const cut = seconds;
  while (seconds + POLL <= cut + LIFETIME - STEP) {
    go([stamp, guard], false);
    expect([stamp.ask().outcome, guard.ask(stampedWith(K1)).outcome]).toEqual(["", ""]);
  }
  while (seconds <= cut + LIFETIME) go([stamp, guard], false);
  expect(stamp.ask().status).toBe(503);
  expect(stamp.ask(request("/healthz")).headers.some(([name]) => name === "signature")).toBe(false);
  expect(guard.ask(stampedWith(K1))).toMatchObject({ outcome: "stamp_invalid", status: 403 });
  go([stamp, guard]);
  go([stamp, guard]);
  expect([stamp.ask().outcome, guard.ask(stampedWith(K1)).outcome]).toEqual(["", ""]);
});
