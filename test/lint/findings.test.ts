import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lintRules } from "../../ext-authz/lint/findings.ts";
import { allow, deny, FROM, rows, to } from "./findings-table.ts";
import { authentication, lintText, peers, policy } from "./lint-one.ts";

describe("each finding", () => {
  test.each(rows)("$id at $path", ({ id, found, free, path, mesh }) => {
    expect(
      lintText(found, mesh)
        .filter((one) => one.id === id)
        .map((one) => one.path),
    ).toEqual([path]);
    expect(lintText(free, mesh).filter((one) => one.id === id)).toEqual([]);
  });

  const workload = { namespace: "shop", name: "", labels: new Map([["app", "orders"]]) };

  test("namespace-without-workload only when workloads are known", () => {
    const text = policy("ALLOW", `[{ ${FROM} }]`, { namespace: "shpo" });
    expect(lintText(text, {}, [workload]).map(({ id }) => id)).toContain("namespace-without-workload");
    expect(lintText(text).map(({ id }) => id)).not.toContain("namespace-without-workload");
  });

  test("selector-without-workload", () => {
    const ids = (selector: string) =>
      lintText(policy("ALLOW", `[{ ${FROM} }]`, { selector }), {}, [workload]).map(({ id }) => id);
    expect(ids("app: order")).toContain("selector-without-workload");
    expect(ids("app: orders")).not.toContain("selector-without-workload");
  });
});

describe("the set of rules", () => {
  const tested = new Set([...rows.map(({ id }) => id), "namespace-without-workload", "selector-without-workload"]);
  const page = readFileSync(new URL("../../docs/lint.md", import.meta.url), "utf8");

  test.each(lintRules.map(({ id }) => id))("%s is tested, and explained in docs/lint.md", (id) => {
    expect(tested).toContain(id);
    expect(page).toContain(`| \`${id}\` |`);
  });

  test("an id is used once", () => {
    expect(new Set(lintRules.map(({ id }) => id)).size).toBe(lintRules.length);
  });
});

describe("a finding", () => {
  const text = allow('paths: ["/a/*/b"]');

  test("points at the value itself", () => {
    const [finding] = lintText(text);
    expect(finding).toMatchObject({ id: "wildcard-inside", file: "p.yaml", line: 7 });
    expect(text.split("\n")[6]?.slice((finding?.column ?? 1) - 1)).toMatch(/^"\/a\/\*\/b"/);
  });

  test("points into a List, too", () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: security.istio.io/v1, kind: AuthorizationPolicy,
      metadata: { name: a }, spec: { rules: [{ ${FROM}, ${to("methods: [get]")} }] } }\n`;
    expect(lintText(list)).toMatchObject([{ id: "method-case", line: 5 }]);
  });

  test("of a policy in order there is none", () => {
    const good =
      policy(
        "ALLOW",
        `[{ from: [{ source: { requestPrincipals: ["https://idp.example/*"] } }], ${to('methods: [GET], paths: ["/a", "/a/*"]')} }]`,
      ) +
      deny('paths: ["/admin", "/admin/*"]') +
      authentication() +
      peers("STRICT");
    expect(lintText(good)).toEqual([]);
  });

  test("is cut where a value is long, and there are only so many", () => {
    const values = Array.from({ length: 2000 }, (_, index) => `"${"*x".repeat(500)}${index}"`).join(", ");
    const found = lintText(allow(`paths: [${values}]`));
    expect(found.length).toBeLessThanOrEqual(1000);
    expect(Math.max(...found.map(({ message }) => message.length))).toBeLessThan(500);
  });
});
