import { createServer, type RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { compileAccessPolicy } from "../../../ext-authz/authorize/access-policy.ts";
import { type AskOpa, consult } from "../../../ext-authz/authorize/access-policy-consult.ts";
import { compileAuthorization } from "../../../ext-authz/authorize/plan.ts";
import { askOpaServer } from "../../../ext-authz/authorize/rego/ask-opa.ts";
import type { RequestModel } from "../../../ext-authz/model.ts";
import type { AccessAction } from "../../../ext-authz/resources/access-policy-resource.ts";
import { ok } from "../../../ext-authz/result.ts";
import { mesh, policy, request } from "../fixtures.ts";
import { access, decideBy } from "./policies.ts";

const never = new AbortController().signal;
const opa = (action: AccessAction, shadow = false, url = "http://opa.example/v1/data/a") =>
  compileAccessPolicy(
    access(action, [], "application", { shadow, criterion: { by: "opa", url, timeoutMs: 2000 } }),
    mesh.rootNamespace,
  );
type Compiled = ReturnType<typeof opa>;

async function ask(policies: readonly Compiled[], how: AskOpa, changes: Partial<RequestModel> = {}, signal = never) {
  const plan = compileAuthorization([], mesh, policies);
  return consult(plan, request(changes), undefined, how, signal);
}

async function effect(action: AccessAction, how: AskOpa) {
  const asked = opa(action);
  const surroundings = { now: 0, answers: await ask([asked], how) };
  return decideBy([asked], { istio: [policy("ALLOW", [{}], { namespace: "foo" })], surroundings }).effect;
}

describe("what OPA answers", () => {
  test.each<readonly [name: string, answer: unknown, deny: string, require: string]>([
    ["true", true, "deny", "allow"],
    ["false", false, "allow", "deny"],
    ["an object that allows", { allowed: true, headers: {} }, "deny", "allow"],
    ["an object that does not", { allowed: false }, "allow", "deny"],
    ["nothing", undefined, "deny", "deny"],
    ["null", null, "deny", "deny"],
    ["text", "true", "deny", "deny"],
    ["a number", 1, "deny", "deny"],
    ["an object without a word", {}, "deny", "deny"],
    ["an object with a text", { allowed: "true" }, "deny", "deny"],
  ])("%s", async (_, answer, deny, require) => {
    expect(await effect("DENY", async () => ok(answer))).toBe(deny);
    expect(await effect("REQUIRE", async () => ok(answer))).toBe(require);
  });

  test("a question that throws fails closed", async () => {
    const broken: AskOpa = () => Promise.reject(new Error("broken"));
    expect(await effect("DENY", broken)).toBe("deny");
    expect(await effect("REQUIRE", broken)).toBe("deny");
  });

  test("a policy whose server was never asked fails closed", () => {
    expect(decideBy([opa("ALLOW")]).effect).toBe("deny");
    expect(decideBy([opa("REQUIRE")]).effect).toBe("deny");
    expect(decideBy([opa("DENY")]).effect).toBe("deny");
  });
});

describe("asking", () => {
  test("without a policy that asks, nothing is asked and nothing waits", () => {
    const plan = compileAuthorization([], mesh, [compileAccessPolicy(access("ALLOW", "true"), mesh.rootNamespace)]);
    const answers = consult(plan, request(), undefined, () => Promise.reject(new Error("asked")), never);
    expect(answers).toEqual(new Map());
  });

  test("the input document is sent, once for each policy", async () => {
    const bodies: unknown[] = [];
    const keep: AskOpa = async (_, body) => {
      bodies.push(JSON.parse(body));
      return ok(true);
    };
    await ask([opa("ALLOW"), opa("DENY", true)], keep, { path: "/a/b" });
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toMatchObject({ input: { parsed_path: ["a", "b"], version: { ext_authz: "v3" } } });
  });

  test("a request that has no document is not asked about, and refused", async () => {
    const asked = opa("ALLOW");
    const answers = await ask([asked], () => Promise.reject(new Error("asked")), { path: "//a" });
    expect([...answers.values()].map(({ ok }) => ok)).toEqual([false]);
  });

  test("a shadow server that does not answer is not waited for", async () => {
    const hang: AskOpa = (_, __, { signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ ok: false, error: "late" })));
    const answers = await ask([opa("ALLOW", true)], hang);
    expect([...answers.values()]).toEqual([{ ok: false, error: "late" }]);
  });
});

describe("over HTTP", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function served(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no address");
    return `http://127.0.0.1:${address.port}/v1/data/a`;
  }

  const limits = { timeoutMs: 5000, signal: never };

  test.each<readonly [name: string, status: number, body: string, wanted: object]>([
    ["a result", 200, '{"result":true,"decision_id":"1"}', { ok: true, value: true }],
    ["no result", 200, "{}", { ok: true, value: undefined }],
    ["a list", 200, "[]", { ok: true, value: undefined }],
    ["null", 200, "null", { ok: false }],
    ["no JSON", 200, "true or so", { ok: false }],
    ["too long", 200, `{"result":"${"x".repeat(70_000)}"}`, { ok: false }],
    ["500", 500, '{"result":true}', { ok: false }],
    ["404", 404, '{"result":true}', { ok: false }],
  ])("%s", async (_, status, body, wanted) => {
    const url = await served((_request, response) => response.writeHead(status).end(body));
    expect(await askOpaServer(url, "{}", limits)).toMatchObject(wanted);
  });

  test("a redirect is not followed", async () => {
    const url = await served((incoming, response) => {
      if (incoming.url === "/elsewhere") response.end('{"result":true}');
      else response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await askOpaServer(url, "{}", limits)).toMatchObject({ ok: false });
  });

  test("nobody there, a silent server, an abort", async () => {
    const silent = await served(() => {});
    expect(await askOpaServer("http://127.0.0.1:1/v1/data/a", "{}", limits)).toMatchObject({ ok: false });
    expect(await askOpaServer(silent, "{}", { ...limits, timeoutMs: 1 })).toMatchObject({ ok: false });
    expect(await askOpaServer(silent, "{}", { ...limits, signal: AbortSignal.abort() })).toMatchObject({ ok: false });
  });
});
