/** A whole server in this process: what operators see of decisions, and what a shadow may never do. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { type Countersign, start } from "../../ext-authz/main.ts";
import { createLog } from "../../ext-authz/observe/log.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { run } from "../cli/run-command.ts";
import { type Folder, makeFolder } from "../support/folder.ts";

const ALLOW_PUBLIC = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: public, namespace: shop }
spec: { rules: [{ to: [{ operation: { paths: ["/public"] } }], when: [{ key: "request.headers[x-role]", values: ["*"] }] }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: trial, namespace: shop, annotations: { istio.io/dry-run: "true" } }
spec: { action: DENY, rules: [{ when: [{ key: "request.headers[x-role]", values: [bad] }] }] }
`;
const ALLOW_PRIVATE = ALLOW_PUBLIC.replace("/public", "/private");
/** Its issuer does not answer: nobody may wait for it. */
const UNREACHABLE = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: idp, namespace: shop }
spec: { jwtRules: [{ issuer: "http://127.0.0.1:1", jwksUri: "http://127.0.0.1:1/jwks" }] }
---${ALLOW_PUBLIC}`;

function resources(text: string): readonly Resource[] {
  return readResources([{ file: "p.yaml", text }]).resources;
}

let folder: Folder;
let server: Countersign;
let client: grpc.Client;
let logFile: string;

beforeAll(async () => {
  folder = await makeFolder();
  logFile = join(folder.path, "decisions.jsonl");
  const settings = {
    ...defaults,
    listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0" },
    workload: { namespace: "shop", name: "", labels: {} },
    decisionLog: { ...defaults.decisionLog, file: logFile },
    jwks: { ...defaults.jwks, allowPrivateAddresses: true },
  };
  const silent = createLog(
    "error",
    () => {},
    () => new Date(),
  );
  server = await start(settings, silent);
  client = new grpc.Client(server.grpc, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.stop();
  await folder.remove();
});

interface Answer {
  readonly code: number;
  readonly id: string;
}

function check(path: string, role = "a"): Promise<Answer> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  const headers = { "x-role": role, authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln" };
  const request = { attributes: { request: { http: { method: "GET", path, host: "a", scheme: "http", headers } } } };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + 10_000 },
      (error: grpc.ServiceError | null, value?: unknown) => {
        if (error !== null) return reject(error);
        resolve(read(value));
      },
    );
  });
}

function read(value: unknown): Answer {
  const text = JSON.stringify(value);
  const id = /"decision_id":\{"stringValue":"([^"]+)"/.exec(text)?.[1] ?? "";
  const code = /"status":\{[^{}]*"code":(\d+)/.exec(text)?.[1] ?? "0";
  return { code: Number(code), id };
}

async function get(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`http://${server.http}${path}`);
  return { status: response.status, text: await response.text() };
}

/** Comparisons follow after answers: asks until they are in, or the runner's time is up. */
async function until(path: string, wanted: string): Promise<string> {
  for (;;) {
    const { text } = await get(path);
    if (text.includes(wanted)) return text;
  }
}

describe("a live decision", () => {
  test("is explained by its id, with values and without tokens", async () => {
    await server.apply(resources(ALLOW_PUBLIC));
    const { id, code } = await check("/private");
    expect(code).toBe(7);
    const { status, text } = await get(`/v1/decisions/${id}`);
    expect(status).toBe(200);
    expect(text).not.toContain("eyJ");
    expect(JSON.parse(text)).toMatchObject({
      id,
      effect: "deny",
      reason: "no_policy_allows",
      request: { path: "/private", headers: { "x-role": ["a"] } },
      explanation: {
        policies: [
          { action: "DENY", shadow: true, matched: false },
          { action: "ALLOW", matched: false },
        ],
        nearest: { policy: "shop/public", missing: [{ field: "operation.paths", actual: ["/private"] }] },
      },
    });
  });

  test("is not explained by policies that did not decide it", async () => {
    await server.apply(resources(ALLOW_PUBLIC));
    const { id } = await check("/private");
    await server.apply(resources(ALLOW_PRIVATE));
    const { text } = await get(`/v1/decisions/${id}`);
    expect(JSON.parse(text)).toMatchObject({ effect: "deny", explanation: "the policies have changed since" });
  });

  test("of an unknown id there is none", async () => {
    expect((await get("/v1/decisions/nope")).status).toBe(404);
  });
});

describe("shadows", () => {
  test("a dry-run policy that would have turned the decision is counted by its name", async () => {
    await server.apply(resources(ALLOW_PUBLIC));
    expect((await check("/public", "bad")).code).toBe(0);
    const { text } = await get("/metrics");
    expect(text).toContain(
      'countersign_shadow_changes_total{source="policy",change="allow_to_deny",policy="shop/trial"} ',
    );
  });

  test("a candidate set is compared beside the active one, and never answers", async () => {
    await server.apply(resources(ALLOW_PUBLIC), resources(ALLOW_PRIVATE));
    const [allowed, denied] = [await check("/public"), await check("/private")];
    expect([allowed.code, denied.code]).toEqual([0, 7]);
    const label = (change: string) => `{source="candidate",change="${change}",policy="shop/public"} `;
    await until("/metrics", label("allow_to_deny"));
    await until("/metrics", label("deny_to_allow"));
    const text = await until(`/v1/decisions/${denied.id}`, '"candidate"');
    expect(JSON.parse(text)).toMatchObject({ candidate: { effect: "allow", policy: "shop/public[0]" } });
  });

  test("a candidate with an issuer that does not answer touches neither answers nor readiness", async () => {
    await server.apply(resources(ALLOW_PUBLIC), resources(UNREACHABLE));
    expect((await check("/public")).code).toBe(0);
    expect((await get("/readyz")).status).toBe(200);
  });
});

describe("the decision log of the server", () => {
  test("is replayed: against the same policies nothing changes, against others what they change", async () => {
    await server.apply(resources(ALLOW_PUBLIC));
    await Promise.all([check("/public"), check("/private")]);
    await until("/metrics", "countersign_checks_total");
    await server.stop();
    const text = await readFile(logFile, "utf8");
    expect(text).not.toContain("eyJ");
    const copy = join(folder.path, "last.jsonl");
    // The decisions of this test alone, with the line that says what they show.
    const last = text.slice(text.lastIndexOf('{"type":"snapshot"'));
    await writeFile(copy, last);
    for (const [name, policies] of [
      ["public.yaml", ALLOW_PUBLIC],
      ["private.yaml", ALLOW_PRIVATE],
    ] as const) {
      await writeFile(join(folder.path, name), policies);
    }
    const replayed = async (name: string) =>
      JSON.parse((await run("replay", copy, "--policies", join(folder.path, name), "--json")).out);
    expect(await replayed("public.yaml")).toMatchObject({ decisions: 2, same: 2, unknown: 0 });
    expect(await replayed("private.yaml")).toMatchObject({ decisions: 2, newDenials: 1, newAllows: 1 });
  });
});
