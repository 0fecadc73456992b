/**
 * A real OPA and our Wasm engine on the same policies and the same requests. OPA is not part of the set-up:
 * `node setup/opa.mjs` builds it, and without it only our own answers are checked.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import { readAnswer } from "../../../ext-authz/authorize/rego/answer.ts";
import { askOpaServer } from "../../../ext-authz/authorize/rego/ask-opa.ts";
import { inputDocument } from "../../../ext-authz/authorize/rego/input-document.ts";
import type { JsonObject, RequestModel } from "../../../ext-authz/model.ts";
import { opaPath } from "../../../setup/opa.mjs";
import { request } from "../fixtures.ts";
import { jwt, rule } from "./modules.ts";

const now = Math.floor(Date.now() / 1000);
const times = { nbf: now - 100, exp: now + 10_000 };
const sub = Buffer.from("alice").toString("base64url");

interface Case {
  readonly name: string;
  readonly claims?: JsonObject;
  readonly authorization?: string;
  readonly request: Partial<RequestModel>;
  readonly allowed: boolean;
}

const get = { method: "GET", path: "/people/7" };
const cases: readonly Case[] = [
  { name: "a guest reads", claims: { role: "guest", ...times }, request: get, allowed: true },
  { name: "an admin reads", claims: { role: "admin", ...times }, request: get, allowed: true },
  { name: "nobody reads", request: get, allowed: false },
  {
    name: "a guest reads deeper",
    claims: { role: "guest", ...times },
    request: { ...get, path: "/people/7/x" },
    allowed: false,
  },
  {
    name: "a guest reads with a query",
    claims: { role: "guest", ...times },
    request: { ...get, query: "a=b" },
    allowed: true,
  },
  {
    name: "a guest writes",
    claims: { role: "guest", ...times },
    request: { method: "POST", path: "/people" },
    allowed: false,
  },
  {
    name: "an admin writes, unseen body",
    claims: { role: "admin", sub, ...times },
    request: { method: "POST", path: "/people" },
    allowed: false,
  },
  { name: "a stranger's role", claims: { role: "other", ...times }, request: get, allowed: false },
  { name: "a role that is a list", claims: { role: ["guest"], ...times }, request: get, allowed: false },
  { name: "a token that is over", claims: { role: "guest", nbf: 1, exp: 2 }, request: get, allowed: false },
  {
    name: "a token that is not yet valid",
    claims: { role: "guest", nbf: now + 5000, exp: now + 10_000 },
    request: get,
    allowed: false,
  },
  { name: "a token without times", claims: { role: "guest" }, request: get, allowed: false },
  { name: "a token for somebody else", claims: { role: "guest", aud: "x", ...times }, request: get, allowed: false },
  {
    name: "another secret",
    authorization: `Bearer ${jwt({ role: "guest", ...times }, { secret: "guess" })}`,
    request: get,
    allowed: false,
  },
  {
    name: "alg none",
    authorization: `Bearer ${jwt({ role: "guest", ...times }, { header: { alg: "none" } })}`,
    request: get,
    allowed: false,
  },
  { name: "no token at all", authorization: "Bearer", request: get, allowed: false },
  { name: "no JWT", authorization: "Bearer a.b.c", request: get, allowed: false },
  {
    name: "a clerk, short form",
    claims: { role: "clerk", ...times },
    request: { path: "/people/7/address", query: "form=long&form=short" },
    allowed: true,
  },
  {
    name: "a clerk, escaped",
    claims: { role: "clerk", ...times },
    request: { path: "/people/7%20a/address", query: "form=sh%6frt" },
    allowed: true,
  },
  {
    name: "a clerk, long form",
    claims: { role: "clerk", ...times },
    request: { path: "/people/7/address", query: "form=long" },
    allowed: false,
  },
  {
    name: "a clerk elsewhere",
    claims: { role: "clerk", ...times },
    request: { path: "/people/7", query: "form=short" },
    allowed: false,
  },
];

function document({ claims, authorization, request: changes }: Case): string {
  const value = claims === undefined ? authorization : `Bearer ${jwt(claims)}`;
  const headers = new Map(value === undefined ? [] : [["authorization", [value]] as const]);
  const made = inputDocument(gatherFacts(request({ headers, ...changes }), undefined));
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

describe("the example policy, on our engine", () => {
  const allow = rule("envoy/authz/allow");
  test.each(cases)("$name", (one) => {
    expect(allow(document(one), now)).toEqual({ ok: true, value: one.allowed });
  });
});

const opa = opaPath();
const policies = new URL("policies", import.meta.url).pathname;

describe.skipIf(!existsSync(opa))("a real OPA (skipped without it: node setup/opa.mjs)", () => {
  let base = "";
  let stop = async (): Promise<void> => {};
  const limits = { timeoutMs: 10_000, signal: new AbortController().signal };

  beforeAll(async () => {
    const port = await freePort();
    const child = spawn(opa, ["run", "--server", "--addr", `127.0.0.1:${port}`, "--bundle", policies], {
      stdio: "ignore",
    });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    stop = () => {
      child.kill("SIGTERM");
      return ended;
    };
    base = `http://127.0.0.1:${port}/v1/data`;
    await vi.waitFor(() => isUp(`http://127.0.0.1:${port}/health?bundles`), { timeout: 30_000, interval: 50 });
  });
  afterAll(() => stop());

  async function both(entrypoint: string, input: string) {
    const asked = await askOpaServer(`${base}/${entrypoint}`, `{"input":${input}}`, limits);
    const theirs = asked.ok ? readAnswer(asked.value) : asked;
    const ours = rule(entrypoint)(input, now);
    return [theirs, ours].map((judged) => (judged.ok ? judged.value : "no decision"));
  }

  test.each(cases)("$name", async (one) => {
    expect(await both("envoy/authz/allow", document(one))).toEqual([one.allowed, one.allowed]);
  });

  const names = ["always", "never", "sometimes", "object", "nameless", "text", "number", "list", "nobody", "caller"];
  const kinds = [...names, "verified", "extension", "cyclic", "conflict"].flatMap((name) => [
    [name, "GET"] as const,
    [name, "POST"] as const,
  ]);
  test.each(kinds)("%s %s", async (name, method) => {
    const made = inputDocument(
      gatherFacts(
        request({
          method,
          sourcePrincipal: "td/ns/shop/sa/web",
          workload: { namespace: "shop", name: "", labels: new Map([["app", "orders"]]) },
        }),
        { role: "admin" },
      ),
    );
    if (!made.ok) throw new Error(made.error);
    const [theirs, ours] = await both(`countersign/cases/${name}`, made.value);
    expect(ours).toBe(theirs);
  });
});

async function isUp(url: string): Promise<void> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`OPA is not ready: ${response.status}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error()),
      );
    });
  });
}
