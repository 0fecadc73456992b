/** `check --explain-grant`: what the proxy may repeat, who reads what, or why not. */
import { describe, expect, it } from "vitest";
import { run, withFiles } from "../cli/run-command.ts";

const at = withFiles({
  "p.yaml": `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: idp, namespace: shop }
spec: { jwtRules: [{ issuer: "https://idp.example", audiences: [shop], jwksUri: "https://idp.example/jwks" }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: shop }
spec:
  rules:
    - from: [{ source: { requestPrincipals: ["*"] } }]
      to: [{ operation: { paths: ["/orders/*"] } }]
    - to: [{ operation: { paths: ["/meta"] } }]
      when: [{ key: "experimental.envoy.filters.a[b]", notValues: [c] }]
    - to: [{ operation: { paths: ["/near"] } }]
      from: [{ source: { notIpBlocks: ["10.0.0.0/8"] } }]
---
apiVersion: countersign.dev/v1alpha1
kind: AccessPolicy
metadata: { name: no-bots, namespace: shop }
spec: { action: DENY, cel: '"user-agent" in request.headers && request.useragent == "bot"' }
`,
});
const explain = (...args: string[]) =>
  run("check", "--policies", at("p.yaml"), "--workload", "shop", "--host", "h", "--explain-grant", ...args);
const CLAIMS = ["--claims", '{"iss": "https://idp.example", "sub": "a"}'];

describe("check --explain-grant", () => {
  it("says for what, for how long and who reads it", async () => {
    const { code, out } = await explain("--path", "/orders/1", ...CLAIMS, "--json");
    expect([code, JSON.parse(out).grant]).toEqual([
      0,
      {
        granted: true,
        why: "",
        outcome: "issued",
        milliseconds: 5000,
        path: ["^/orders/"],
        inputs: [
          { input: "header:authorization", readBy: ["JWT in header authorization"] },
          { input: "header:user-agent", readBy: ["AccessPolicy shop/no-bots"] },
          { input: "query", readBy: ["JWT in parameter access_token"] },
        ],
      },
    ]);
  });

  it("says what only some paths read where they do", async () => {
    const { out } = await explain("--path", "/near", "--source-ip", "11.0.0.1");
    expect(out).toContain("equal connection  read by AuthorizationPolicy shop/readers[2] source.notIpBlocks");
  });

  it("says why there is none, and by whose doing", async () => {
    const { out } = await explain("--path", "/meta");
    expect(out).toContain("none: metadata (dynamic metadata is read, which no guard can compare)");
    expect(out).toContain("metadata  read by AuthorizationPolicy shop/readers[1] experimental.envoy.filters.a[b]");
    expect((await explain("--path", "/other")).out).toContain("none: not_allowed");
  });

  it("says so of an identity that was shown", async () => {
    const { out } = await explain("--path", "/orders/1", ...CLAIMS, "--principal", "td/ns/a/sa/b");
    expect(out).toContain("equal connection  read by");
  });

  it("is silent when it is not asked for", async () => {
    const { out } = await run("check", "--policies", at("p.yaml"), "--workload", "shop", "--path", "/meta", "--json");
    expect(JSON.parse(out).grant).toBe(undefined);
  });
});
