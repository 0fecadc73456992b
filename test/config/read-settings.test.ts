import { describe, expect, test } from "vitest";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { readSettings } from "../../ext-authz/config/read-settings.ts";

function read(text: string) {
  return readSettings({ file: "countersign.yaml", text, folder: "/etc/countersign", cores: 4 });
}

function problems(text: string): string[] {
  const result = read(text);
  return result.ok ? [] : result.error.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

describe("countersign.yaml", () => {
  test("an empty file means the defaults", () => {
    expect(read("")).toEqual({ ok: true, value: defaults });
  });

  test("the example of the contract is read as written", () => {
    const text = `
listen:    { grpc: 127.0.0.1:9191, http: "unix:///run/c.sock" }
workers:   auto
policies:  [./policies, /abs]
rootNamespace: istio-system
trustDomain: cluster.local
trustDomainAliases: []
pathNormalization: MERGE_SLASHES
strict: false
clientAddress: { useRemoteAddress: false, xffNumTrustedHops: 2 }
workload: { namespace: shop, labels: { app: orders } }
`;
    expect(read(text)).toMatchObject({
      ok: true,
      value: {
        listen: { grpc: "127.0.0.1:9191", http: "unix:///run/c.sock" },
        workers: 4,
        policies: ["/etc/countersign/policies", "/abs"],
        mesh: { pathNormalization: "MERGE_SLASHES", strict: false },
        clientAddress: { useRemoteAddress: false, xffNumTrustedHops: 2 },
        workload: { namespace: "shop", name: "", labels: { app: "orders" } },
      },
    });
  });

  test("all mistakes come at once, each with its line and path", () => {
    const text = [
      "listen: { grpc: nowhere }",
      "strict: yes please",
      "polices: []",
      "workers: 0",
      "limits:",
      "  tokens: -1",
      "  more: 1",
    ].join("\n");
    expect(problems(text).sort()).toEqual([
      "1 listen.grpc: is not an address",
      "2 strict: must be boolean",
      "3 polices: unknown key",
      '4 workers: must be a whole number from 1 or "auto"',
      "6 limits.tokens: must be >= 1",
      "7 limits.more: unknown key",
    ]);
  });

  test.each([
    ["strict: true\nstrict: false", "2 : the key `strict` stands here twice"],
    ["a: [", "1 : Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ["a: &x [1]\nb: *x", "1 : anchors are not allowed"],
    ["- 1", "1 : must be object"],
    ["__proto__: {}", "1 __proto__: unknown key"],
  ])("%j", (text, problem) => {
    expect(problems(text)[0]).toContain(problem);
  });
});
