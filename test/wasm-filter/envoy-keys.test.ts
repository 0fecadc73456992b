/** Stamps of every algorithm through real Envoys: what its native functions sign in one, they verify in the next. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../../examples/demo/client.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { ECDSA, HMAC, RSA, type TestKey } from "./keys.ts";
import { STAMP, ZONE } from "./stands.ts";
import { answer, stamping, stands, startZone } from "./two-zones.ts";

const KEYS: readonly TestKey[] = [HMAC, ECDSA, RSA];
let inner: TestEnvoy;
let outer: TestEnvoy;

beforeAll(async () => {
  const stamp = { zones: ["edge"], keys: KEYS.map((key) => key.verifying) };
  inner = await startZone("inner", { filters: [stands("guard", { ...ZONE, stamp })], routes: [answer] });
  const signing = KEYS.map((key) => key.signing);
  outer = await startZone("outer", {
    routes: KEYS.map((key) => ({
      match: { prefix: `/${key.algorithm}/` },
      route: { cluster: key.algorithm, prefix_rewrite: "/rewritten/" },
    })),
    clusters: KEYS.map((key) => {
      const configuration = { ...STAMP, sign: String(key.signing["id"]), keys: signing };
      return stamping(key.algorithm, inner.port, [stands("stamp", configuration)]);
    }),
  });
});
afterAll(async () => {
  await outer?.stop();
  await inner?.stop();
});

describe("through real Envoys", () => {
  it.each(KEYS)("a stamp by $algorithm holds behind a rewrite", async ({ algorithm }) => {
    for (let i = 0; i < 5; i++) {
      const headers = { "txn-token": `a.${i}.c` };
      const got = await send(outer.port, { path: `/${algorithm}/orders?id=${i}`, headers });
      expect([got.status, got.body, got.headers["x-seen-zone"]]).toEqual([200, "reached\n", "edge"]);
    }
  });

  it("nothing comes in without one", async () => {
    expect((await send(inner.port, { path: "/rewritten/orders" })).status).toBe(403);
  });
});
