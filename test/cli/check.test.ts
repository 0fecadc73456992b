import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { READER, run, SHOP, withFiles } from "./run-command.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", alg: "ES256" }] });

function token(claims: object): string {
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${segment({ alg: "ES256", kid: "k" })}.${segment(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

const request = {
  attributes: {
    source: { address: { socketAddress: { address: "10.0.0.1", portValue: 1 } }, principal: "spiffe://td/ns/a/sa/b" },
    destination: { address: { socket_address: { address: "10.0.0.2", port_value: 8080 } } },
    request: { http: { method: "GET", path: "/orders/1?x", host: "a", headers: { ":path": "/orders/1", "x-a": "b" } } },
    contextExtensions: { namespace: "shop", "label.app": "orders" },
    metadataContext: { filterMetadata: { f: { list: ["x"] } } },
  },
};

const at = withFiles({
  "shop.yaml": SHOP,
  "inline.yaml": SHOP.replace('jwksUri: "https://idp.example/jwks"', `jwks: '${jwks}'`),
  "broken.yaml":
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: a }\nspec: { action: NO }",
  "request.json": JSON.stringify(request),
  "no-request.json": '{"attributes": {"request": {"http": {"path": 7}}}}',
  "countersign.yaml": "policies: [shop.yaml]\nworkload: { namespace: shop, labels: { app: orders } }",
});
const orders = (...args: string[]) =>
  run("check", "--policies", at("shop.yaml"), "--workload", "shop/app=orders", ...args);

describe("check", () => {
  test("allowed: exit code 0, and who allowed it", async () => {
    const { code, out } = await orders("--path", "/orders/1", "--claims", READER);
    expect(code).toBe(0);
    expect(out).toMatch(/^ALLOW {2}allowed {2}by shop\/readers\[0\]/);
    expect(out).toContain("taken as verified");
  });

  test("denied: exit code 1, layers, clauses and the nearest rule with what is missing", async () => {
    const { code, out } = await orders("--path", "/orders/1", "--claims", READER.replace("reader", "guest"));
    expect(code).toBe(1);
    expect(out).toMatch(/^DENY {2}no_policy_allows/);
    expect(out).toContain("platform    DENY   istio-system/no-admin");
    expect(out).toContain(
      '✓ source.requestPrincipals in ["https://idp.example/*"]; it is "iss https://idp.example, sub alice"',
    );
    expect(out.split("nearest: shop/readers rule 0 would allow; missing:")[1]?.trim()).toBe(
      '✗ request.auth.claims[role] in ["reader"]; it is "guest"',
    );
  });

  test("--json says the same as data", async () => {
    const { code, out } = await orders("--path", "/orders/1", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      effect: "deny",
      reason: "no_policy_allows",
      workload: { namespace: "shop", labels: { app: "orders" } },
      nearest: { policy: "shop/readers", rule: 0, missing: [{ field: "source.requestPrincipals", actual: [] }, {}] },
      policies: [
        { layer: "platform", action: "DENY" },
        { layer: "service", action: "ALLOW" },
      ],
    });
  });

  test("settings name the policies and the workload", async () => {
    const { code } = await run("check", "--config", at("countersign.yaml"), "--path", "/orders", "--claims", READER);
    expect(code).toBe(0);
  });

  test("claims of an issuer that the workload does not accept are refused as live", async () => {
    const { code, out } = await orders("--path", "/orders/1", "--claims", READER.replace("idp", "evil"));
    expect([code, out]).toEqual([1, expect.stringMatching(/^DENY {2}token_issuer/)]);
  });

  test("claims for another audience are refused as live", async () => {
    const { out } = await orders("--path", "/orders/1", "--claims", READER.replace("{", '{"aud": "billing",'));
    expect(out).toMatch(/^DENY {2}token_audience/);
  });

  test("a token is verified, and never printed", async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const good = token({ iss: "https://idp.example", sub: "alice", aud: "shop", role: "reader", exp });
    const args = ["check", "--policies", at("inline.yaml"), "--workload", "shop/app=orders", "--path", "/orders/1"];
    const allowed = await run(...args, "--token", good);
    expect(allowed.code).toBe(0);
    expect(allowed.out).toContain('principal "https://idp.example/alice"');
    const tampered = await run(...args, "--token", `${good.slice(0, -4)}AAAA`, "--json");
    expect([tampered.code, JSON.parse(tampered.out).reason]).toEqual([1, "token_signature"]);
    for (const { out, err } of [allowed, tampered]) expect(out + err).not.toContain("eyJ");
  });

  test("a CheckRequest in JSON is read in snake_case and camelCase", async () => {
    const { code, out } = await run(
      "check",
      "--policies",
      at("shop.yaml"),
      "--request",
      at("request.json"),
      "--claims",
      READER,
    );
    expect(code).toBe(0);
    expect(out).toContain('operation.paths in ["/orders", "/orders/*"]; it is "/orders/1"');
    expect(out).toContain("shop/app=orders");
  });

  test("a hostile path is quoted, not sent to the terminal", async () => {
    const { out } = await orders("--path", "/a\u001b[31m");
    expect(out).not.toContain("\u001b");
  });
});

describe("exit code 2 for bad input", () => {
  test.each([
    ["an unknown option", ["--nope"]],
    ["token and claims", ["--token", "a", "--claims", "{}"]],
    ["claims that are no JSON", ["--claims", "{"]],
    ["claims that are no object", ["--claims", "[]"]],
    ["a header without colon", ["--header", "x"]],
    ["a bad port", ["--port", "99999"]],
    ["a bad workload", ["--workload", "shop/app"]],
    ["a request file that is not there", ["--request", "/nowhere.json"]],
  ])("%s", async (_, args) => {
    const { code, err } = await orders(...args);
    expect(code).toBe(2);
    expect(err).toMatch(/^countersign check: /);
  });

  test("a request of the wrong shape", async () => {
    const { code, err } = await orders("--request", at("no-request.json"));
    expect([code, err]).toEqual([2, expect.stringContaining("attributes.request.http.path must be text")]);
  });

  test("policies that are wrong", async () => {
    const { code, err } = await run("check", "--policies", at("broken.yaml"));
    expect([code, err]).toEqual([2, expect.stringContaining("spec.action")]);
  });

  test("policies that are not there", async () => {
    expect((await run("check", "--policies", "/nowhere")).code).toBe(2);
  });
});
