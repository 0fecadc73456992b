/**
 * Guard and server agree, for generated requests and policies: the built guard in the Node host refuses nothing that the
 * server would allow, and brings the server no header to believe that a client has made up.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Check } from "../../ext-authz/check.ts";
import type { PathNormalization } from "../../ext-authz/config/settings.ts";
import type { Decision } from "../../ext-authz/model.ts";
import { ownedHeadersOf } from "../../ext-authz/resources/owned-headers.ts";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { type AgreementRequest, checkOf, policies, requests, resourcesOf, signed } from "./agreement-requests.ts";
import { EDGE, filterHost, NOW, type Stand, stand } from "./stands.ts";

const OWNED = /^(x[-_]user[-_]id|x[-_]countersign|txn[-_]token)/i;
const modes = ["NONE", "BASE", "MERGE_SLASHES"] as const satisfies readonly PathNormalization[];
const guards = new Map<string, Stand>();
beforeAll(async () => {
  const host = await filterHost();
  const ownedHeaders = [...ownedHeadersOf(policies.flatMap((objects) => resourcesOf(objects)))];
  for (const normalization of modes) {
    const rules = { ...EDGE, ownedHeaders, path: { normalization }, token: { check: true } };
    guards.set(normalization, stand(host, rules));
  }
});

const checks = new Map(modes.map((mode) => [mode, policies.map((objects) => checkOf(objects, mode, () => NOW))]));

function headersOf({ method, target, lines }: AgreementRequest): HeaderInput[] {
  return [[":method", method], [":scheme", "https"], [":authority", "shop.example"], [":path", target], ...lines];
}

async function decide(check: Check, request: AgreementRequest, seen: readonly HeaderInput[]): Promise<Decision> {
  const headers = new Map<string, string[]>();
  for (const [name, value] of seen) {
    const lower = String(name).toLowerCase();
    if (!lower.startsWith(":")) headers.set(lower, [...(headers.get(lower) ?? []), String(value)]);
  }
  const peer = { address: "192.0.2.1", port: 1, principal: "", certificate: "" };
  const { method, target } = request;
  const http = { id: "", method, target, host: "shop.example", scheme: "https", headers };
  const incoming = {
    source: peer,
    destination: peer,
    http,
    sni: "",
    contextExtensions: new Map(),
    metadata: new Map(),
  };
  return check(incoming, new AbortController().signal);
}

describe.each(modes)("paths %s", (mode) => {
  const guarded = (request: AgreementRequest) => {
    const guard = guards.get(mode);
    if (guard === undefined) throw new Error(`no guard for ${mode}`);
    return guard(headersOf(request));
  };
  const which = fc.nat(policies.length - 1);
  const checkAt = (index: number): Check => {
    const check = checks.get(mode)?.[index];
    if (check === undefined) throw new Error(`no check ${index}`);
    return check;
  };

  it("the guard refuses nothing that the server would allow", async () => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(requests(NOW, 0), which, async (request, index) => {
        const step = guarded(request);
        if (step.action === "continue") return;
        refusals++;
        const decision = await decide(checkAt(index), request, request.lines);
        expect([step.outcome, decision.effect]).toEqual([step.outcome, "deny"]);
      }),
      { numRuns: 1500 },
    );
    expect(refusals).toBeGreaterThan(100);
  });

  it("no header of a client is believed: without the guard's leavings the decision is the same", async () => {
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(requests(NOW, 0), which, async (request, index) => {
        const step = guarded(request);
        if (step.action !== "continue") return;
        const honest = request.lines.filter(([name]) => !OWNED.test(name));
        expect(step.headers.map(([name]) => String(name)).filter((name) => OWNED.test(name))).toEqual([]);
        const [through, clean] = await Promise.all([
          decide(checkAt(index), request, step.headers),
          decide(checkAt(index), request, honest),
        ]);
        expect(through.effect).toBe(clean.effect);
        if (through.effect === "allow") allowed++;
      }),
      { numRuns: 1500 },
    );
    expect(allowed).toBeGreaterThan(50);
  });
});

it("the narrowest policy opens for the claim, not for the header", async () => {
  const check = checks.get("BASE")?.[2];
  const token = (sub: string) => `Bearer ${signed({ iss: "i", sub, aud: "aud", exp: NOW + 600 })}`;
  const ask = async (lines: AgreementRequest["lines"]): Promise<string | undefined> => {
    const request = { method: "GET", target: "/a", lines };
    const step = guards.get("BASE")?.(headersOf(request));
    return check && (await decide(check, request, step?.headers ?? [])).effect;
  };
  expect(await ask([["authorization", token("root")]])).toBe("allow");
  expect(
    await ask([
      ["authorization", token("ann")],
      ["x-user-id", "root"],
    ]),
  ).toBe("deny");
  expect(await ask([["x_user_id", "root"]])).toBe("deny");
});
