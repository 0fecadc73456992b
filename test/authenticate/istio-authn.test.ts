/** Istio's own cases, at this stage alone. What only policy can decide (a body of RBAC) is authentication passed. */
import { expect, test } from "vitest";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { isJsonObject } from "../../ext-authz/authenticate/strict-json.ts";
import type { RequestModel } from "../../ext-authz/model.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import { applies } from "../../ext-authz/resources/select.ts";
import { type FilledCase, fillCase, readCases } from "../conformance/cases.ts";
import { LIMITS, NOW, planOf, request } from "./forge.ts";

const RBAC = "RBAC: access denied";

function planFor(filled: FilledCase, model: RequestModel) {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: filled.policies });
  const root = filled.source.mesh?.rootNamespace ?? "istio-system";
  const { resources } = readResources([{ file: filled.name, text }]);
  const mine = resources.filter((resource) => applies(resource, model.workload, root));
  return planOf(mine.flatMap((resource) => (resource.kind === "RequestAuthentication" ? resource.jwtRules : [])));
}

function modelOf(filled: FilledCase): RequestModel {
  const headers = new Map<string, string[]>();
  for (const [name, value] of filled.headers) {
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value]);
  }
  const { namespace, labels } = filled.source.workload;
  return request(Object.fromEntries(headers), {
    protocol: filled.source.request.protocol ?? "http",
    method: filled.method,
    query: filled.target.split("?").slice(1).join("?"),
    workload: { namespace, name: "", labels: new Map(Object.entries(labels)) },
  });
}

const cases = readCases("istio-authn");

test.each(cases.map((source) => [source.name, source] as const))("%s", (_, source) => {
  const filled = fillCase(source, NOW);
  const model = modelOf(filled);
  const result = authenticate(planFor(filled, model), model, NOW, new AbortController().signal);
  if (result instanceof Promise) throw new Error("inline keys never wait");
  const { status, body } = source.expect;
  if (status === 200 || body === RBAC) {
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const { set, remove } = result.value.changes;
    for (const [name, value] of filled.expectedHeaders) {
      const sent = model.headers.get(name)?.join(",") ?? null;
      expect([name, new Map(set).get(name) ?? (remove.includes(name) ? null : sent)]).toEqual([name, value]);
    }
    for (const [name] of set) expect(remove).not.toContain(name);
    expect(result.value.payload === undefined || isJsonObject(result.value.payload)).toBe(true);
    return;
  }
  if (result.ok) throw new Error("accepted");
  expect(result.error.code === "token_audience" ? 403 : 401).toBe(status);
  if (body !== undefined) expect(result.error.text).toBe(body);
});

test("the cases are all there, and most are this stage's to decide", () => {
  const decidedByAuthorization = cases.filter(({ expect: { body } }) => body === RBAC);
  expect(cases.length).toBeGreaterThan(100);
  expect(decidedByAuthorization.length).toBeLessThan(cases.length / 2);
  expect(LIMITS.tokens).toBeGreaterThan(1);
});
