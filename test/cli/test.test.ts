import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { junitXml } from "../../ext-authz/cli/test-junit.ts";
import { watchAndRun } from "../../ext-authz/cli/test-watch.ts";
import { run, SHOP, withFiles } from "./run-command.ts";

const claims = '{ iss: "https://idp.example", sub: alice, role: reader }';
const table = (rows: string) => `policies: [shop.yaml]\nworkload: shop/app=orders\nclaims: ${claims}\ntests:\n${rows}`;

const at = withFiles({
  "shop.yaml": SHOP,
  "good.yaml": table(`
  - { name: reads, request: { path: /orders/1 }, expect: allow, policy: shop/readers }
  - { name: by rule, request: { path: /orders/1 }, expect: allow, policy: "shop/readers[0]", reason: allowed }
  - { name: no token, request: { path: /orders/1 }, claims: null, expect: deny, reason: no_policy_allows }
  - { name: other workload, request: { path: /orders/1 }, workload: shop, expect: deny, reason: no_policy }`),
  "bad.yaml": table(`
  - { name: "<wrong> & \\"hostile\\" \\u0001", request: { path: /orders/1 }, expect: deny }
  - { name: who, request: { path: /orders/1 }, expect: allow, policy: "shop/readers[1]" }
  - { name: why, request: { path: /x }, expect: deny, reason: denied_by_policy }`),
  "typo.yaml": table("  - { name: a, request: { pfad: /x }, expect: maybe }"),
  "workload.yaml": table('  - { name: a, workload: "shop/app", expect: deny }'),
});

describe("test", () => {
  test("all pass: exit code 0, and which rules nothing matched", async () => {
    const { code, out } = await run("test", at("good.yaml"));
    expect(code).toBe(0);
    expect(out).toContain("4 passed, 0 failed");
    expect(out).toContain("rules: 1 of 2 matched by some test (50 %)");
    expect(out).toMatch(/never matched {2}DENY {3}istio-system\/no-admin\[0\]/);
  });

  test("failures: exit code 1, what was expected, and the explanation", async () => {
    const { code, out } = await run("test", at("bad.yaml"));
    expect(code).toBe(1);
    expect(out).toContain("0 passed, 3 failed");
    expect(out).toContain("expected deny, got allow (allowed)");
    expect(out).toContain("expected shop/readers[1] to decide, it was shop/readers[0]");
    expect(out).toContain("expected the reason denied_by_policy, got no_policy_allows");
    expect(out).toContain("nearest: shop/readers rule 0");
  });

  test("--json has results and coverage", async () => {
    const { out } = await run("test", "--json", at("good.yaml"));
    expect(JSON.parse(out)).toMatchObject({
      passed: 4,
      failed: 0,
      coverage: [
        { rule: "shop/readers[0]", matched: 2, decided: 2 },
        { rule: "istio-system/no-admin[0]", matched: 0, decided: 0 },
      ],
    });
  });

  test.each([
    ["50", 0],
    ["51", 1],
  ])("--min-coverage %s ends with %i", async (percent, code) => {
    expect((await run("test", "--min-coverage", percent, at("good.yaml"))).code).toBe(code);
  });

  test("--junit writes XML that no test name can break", async () => {
    await run("test", "--junit", at("junit.xml"), at("bad.yaml"));
    const xml = await readFile(at("junit.xml"), "utf8");
    expect(xml).toContain('<testsuites name="countersign" tests="3" failures="3"');
    expect(xml).toContain('name="&lt;wrong&gt; &amp; &quot;hostile&quot; \u{fffd}"');
    expect(xml.match(/<failure message=/g)).toHaveLength(3);
  });

  test.each([
    ["typo.yaml", ["unknown key `pfad`", "tests[0].expect", ":5:"]],
    ["workload.yaml", ["tests[0].workload", "is no label"]],
    ["nowhere.yaml", ["nowhere.yaml"]],
  ])("%s: exit code 2, with the place", async (file, texts) => {
    const { code, err } = await run("test", at(file));
    expect(code).toBe(2);
    for (const text of texts) expect(err).toContain(text);
  });

  test("the example of the repository passes and covers every rule", async () => {
    const { code, out } = await run("test", "--min-coverage", "100", "examples/policy-tests/orders.test.yaml");
    expect([code, out]).toEqual([0, expect.stringContaining("6 passed, 0 failed")]);
  });
});

test("junitXml of nothing is a document", () => {
  expect(junitXml([])).toContain('tests="0"');
});

describe("--watch", () => {
  test("runs again after a burst of changes, once, and ends when told to", async () => {
    const runs: string[] = [];
    let stop = (): void => {};
    let change = (): void => {};
    let settle = (): void => {};
    let again = (): void => {};
    const ran = () =>
      new Promise<void>((resolve) => {
        again = resolve;
      });
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const first = ran();
    const watching = watchAndRun(
      async () => {
        runs.push("run");
        setImmediate(() => again());
        return ["a.yaml"];
      },
      {
        watch: (paths, onChange) => {
          runs.push(`watch ${paths.join()}`);
          change = onChange;
          return () => runs.push("end");
        },
        delay: (then) => {
          settle = then;
        },
        stopped,
      },
    );
    await first;
    const second = ran();
    change();
    settle();
    await second;
    stop();
    await watching;
    expect(runs.slice(0, 5)).toEqual(["run", "watch a.yaml", "end", "run", "watch a.yaml"]);
  });
});
