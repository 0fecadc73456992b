/** Stamps of every algorithm through real Envoys: what its native functions sign in one, they verify in the next. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Config } from "../../envoy/model.ts";
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

/** The same stand with variables that Envoy gives to the plugin. */
function withVariables(config: Config, variables: Record<string, string>): Config {
  const member = `"environment_variables":${JSON.stringify({ key_values: variables })},"runtime"`;
  return JSON.parse(JSON.stringify(config).replace('"runtime"', member));
}

describe("keys from the environment", () => {
  it("sign and verify, and stand in no configuration", async () => {
    const { privateKey, ...ecdsa } = ECDSA.signing;
    const signs = { ...STAMP, sign: "ec1", keys: [{ ...ecdsa, privateKeyEnv: "STAMP_KEY" }] };
    const stamp = withVariables(stands("stamp", signs), { OTHER: "x", STAMP_KEY: String(privateKey), LAST: "" });
    const zone = await startZone("outer", {
      routes: [{ match: { prefix: "/" }, route: { cluster: "inner" } }],
      clusters: [stamping("inner", inner.port, [stamp])],
    });
    try {
      expect((await send(zone.port, { path: "/orders" })).status).toBe(200);
    } finally {
      await zone.stop();
    }
  });

  it("that are not there keep Envoy from starting", async () => {
    const guard = { ...ZONE, stamp: { zones: ["edge"], keys: [{ id: "k1", secretEnv: "NOT_GIVEN" }] } };
    const filters = [withVariables(stands("guard", guard), { NOT_GIVE: "x", NOT_GIVEN2: "y" })];
    await expect(startZone("inner", { filters, routes: [answer] })).rejects.toThrow();
  });
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
