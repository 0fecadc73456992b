import { describe, expect, test } from "vitest";
import { run, SHOP, withFiles } from "./run-command.ts";

const at = withFiles({
  "shop.yaml": SHOP,
  "open.yaml": SHOP.replace(/from:.*\n/, "")
    .replace(/ {6}to:/, "to:")
    .replace(/when:.*\n/, "\n"),
  "typo.yaml": SHOP.replace("[GET]", "[get]"),
  "broken.yaml": SHOP.replace("methods:", "verbs:"),
  "countersign.yaml": "policies: [typo.yaml]\ntrustDomain: td",
  "wrong.yaml": "policies: [shop.yaml]\nstrickt: true",
});

describe("lint", () => {
  test("policies in order: exit code 0, nothing said", async () => {
    const { code, out } = await run("lint", at("shop.yaml"));
    expect([code, out]).toEqual([0, "1 files, 3 resources, 0 errors, 0 warnings"]);
  });

  test("a finding has place, id and fix; the exit code is 1 with --strict only", async () => {
    const { code, out } = await run("lint", at("typo.yaml"));
    expect(code).toBe(0);
    expect(out).toContain(
      "typo.yaml:14:37: warning [method-case] spec.rules[0].to[0].operation.methods[0]: `get` matches no request (write `GET`)",
    );
    expect((await run("lint", "--strict", at("typo.yaml"))).code).toBe(1);
  });

  test("--json has problems and findings apart", async () => {
    const { out } = await run("lint", "--json", "--config", at("countersign.yaml"));
    expect(JSON.parse(out)).toMatchObject({
      problems: [],
      findings: [{ id: "method-case", resource: "AuthorizationPolicy shop/readers" }],
    });
  });

  test("what Istio would refuse is an error, and then nothing is guessed about the rest", async () => {
    const { code, out } = await run("lint", at("broken.yaml"));
    expect(code).toBe(2);
    expect(out).not.toContain("warning [");
  });

  test("settings are linted too", async () => {
    const { code, out } = await run("lint", "--config", at("wrong.yaml"));
    expect([code, out]).toEqual([2, expect.stringContaining("strickt: unknown key")]);
  });

  test("--workload says which workloads there are", async () => {
    const { out } = await run("lint", "--workload", "shop/app=order", at("shop.yaml"));
    expect(out).toContain("[selector-without-workload]");
  });
});

describe("lint --effective", () => {
  const effective = (...args: string[]) =>
    run("lint", "--effective", "--policies", at("shop.yaml"), "--workload", "shop/app=orders", ...args);

  test("for an operation", async () => {
    const { code, out } = await effective("GET", "/orders/1");
    expect(code).toBe(0);
    expect(out).toContain('GET "/orders/1" on shop/app=orders');
    expect(out).toContain("service     ALLOW  shop/readers[0]");
    expect(out).not.toContain("no-admin");
    expect(out).toContain("otherwise   denied: 1 ALLOW policy applies");
  });

  test("for all, as data", async () => {
    const { out } = await effective("--json");
    expect(JSON.parse(out)).toMatchObject({
      workload: "shop/app=orders",
      rules: [{ action: "DENY" }, { action: "ALLOW" }],
    });
  });

  test.each([[["GET"]], [["GET", "orders"]], [["GET", "/a", "/b"]]])("%j is wrong usage", async (args) => {
    expect((await effective(...args)).code).toBe(2);
  });

  test("needs a workload", async () => {
    expect((await run("lint", "--effective", "--policies", at("shop.yaml"))).code).toBe(2);
  });
});
