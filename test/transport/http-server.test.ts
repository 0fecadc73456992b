import { afterEach, describe, expect, test } from "vitest";
import { operatorRoutes, type Readiness } from "../../ext-authz/respond/operator-routes.ts";
import { answerFrom, type HttpServer, startHttpServer } from "../../ext-authz/transport/http-server.ts";

let server: HttpServer | undefined;
afterEach(() => server?.stop());

const key = { uri: "https://idp/jwks", keys: 1, ageSeconds: 3, failures: 0, lastError: "" };
const ready: Readiness = { snapshot: { revision: "abc" }, refused: false, keys: [key] };

async function get(path: string, state: Readiness = ready, method = "GET"): Promise<{ status: number; body: string }> {
  const record = { id: "d-1" } as never;
  const routes = operatorRoutes({
    readiness: () => state,
    metrics: { text: () => Promise.resolve("m 1\n"), contentType: "text/plain" },
    findDecision: (id) => (id === "d-1" ? record : undefined),
    jwks: () => ({ keys: [] }),
    filter: () => Promise.reject(new Error("ENOENT")),
  });
  server = await startHttpServer(
    "127.0.0.1:0",
    answerFrom({ ...routes, "/boom": () => Promise.reject(new Error("x")) }),
    () => {},
  );
  const response = await fetch(`http://${server.address}${path}`, { method });
  return { status: response.status, body: await response.text() };
}

describe("the operators' side", () => {
  test.each([
    ["/healthz", 200, "ok\n"],
    ["/metrics", 200, "m 1\n"],
    ["/v1/revision", 200, '{"revision":"abc"}\n'],
    ["/.well-known/jwks.json", 200, '{"keys":[]}\n'],
    ["/v1/decisions/d-1", 200, '{"id":"d-1"}\n'],
    ["/v1/decisions/d-2", 404, '{"error":"no such decision, or too long ago"}\n'],
    ["/v1/decisions/", 404, '{"error":"no such decision, or too long ago"}\n'],
    ["/v1/decisions/a/b", 404, "not found\n"],
    ["/healthz?x=1", 200, "ok\n"],
    ["/constructor", 404, "not found\n"],
    ["/wasm/countersign.wasm", 404, "the filter is not built: npm run build:filter\n"],
    ["/boom", 500, "internal error\n"],
  ])("%s → %i", async (path, status, body) => {
    expect(await get(path)).toEqual({ status, body });
  });

  test("nothing is written over it", async () => {
    expect((await get("/healthz", ready, "POST")).status).toBe(405);
  });

  test.each([
    ["no snapshot", { ...ready, snapshot: undefined }, 503],
    ["an issuer without keys", { ...ready, keys: [key, { ...key, keys: 0 }] }, 503],
    ["a refused reload", { ...ready, refused: true }, 200],
  ])("ready: %s", async (_, state, status) => {
    expect((await get("/readyz", state)).status).toBe(status);
  });
});
