/**
 * Grants of real server processes over gRPC: what a check answers, which epoch is told, and that it is another one after a
 * rotation of keys, a revocation, another policy.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { jwkOf, jwksOf, keys, token } from "../authenticate/forge.ts";
import { serveJwks, stopServers } from "../authenticate/jwks-server.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { parseGrant } from "./guard-model.ts";

let folder: Folder;
let server: TestServer;
let twin: TestServer;
let served = [jwkOf(keys.rsa, { kid: "k1" })];

beforeAll(async () => {
  folder = await makeFolder();
  const list = join(folder.path, "revoked.json");
  await writeFile(list, '{"revoked":[]}');
  const jwksUri = await serveJwks((_, response) => response.end(jwksOf(...served)));
  const resources = [
    [
      "security.istio.io/v1",
      "RequestAuthentication",
      { jwtRules: [{ issuer: "https://i.example", audiences: ["svc"], jwksUri }] },
    ],
    [
      "security.istio.io/v1",
      "AuthorizationPolicy",
      { rules: [{ from: [{ source: { requestPrincipals: ["*"] } }], to: [{ operation: { paths: ["/orders/*"] } }] }] },
    ],
    ["countersign.dev/v1alpha1", "Revocation", { file: list, interval: "1s" }],
  ].map(([apiVersion, kind, spec]) => ({ apiVersion, kind, metadata: { name: String(kind).toLowerCase() }, spec }));
  const settings = { grants: { maxTtl: "3s" }, jwks: { refreshSeconds: 1, minRefreshSeconds: 1, replaceSeconds: 0 } };
  [server, twin] = await Promise.all([
    startServer(settings, resources),
    startServer({ ...settings, workers: 2 }, resources),
  ]);
});

afterAll(async () => {
  await Promise.all([server?.stop(), twin?.stop()]);
  await stopServers();
  await folder?.remove();
});

const later = () => Math.floor(Date.now() / 1000) + 600;
const bearer = (claims: object = {}) =>
  `Bearer ${token({ iss: "https://i.example", sub: "a", aud: "svc", exp: later(), ...claims })}`;

/** The member `grant` of the answer's metadata; undefined = none. */
function grantFrom(
  { grpc: { host, port } }: TestServer,
  path: string,
  authorization: string,
): Promise<string | undefined> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createInsecure());
  const http = { method: "GET", path, host: "svc.example", scheme: "http", headers: { authorization } };
  return new Promise<string | undefined>((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { attributes: { request: { http } } },
      { deadline: Date.now() + 20_000 },
      (error: grpc.ServiceError | null, value?: unknown) => {
        if (error !== null) return reject(error);
        const { dynamic_metadata } = value as {
          dynamic_metadata?: { fields: Record<string, { stringValue?: string }> };
        };
        resolve(dynamic_metadata?.fields["grant"]?.stringValue);
      },
    );
  }).finally(() => client.close());
}

async function epochOf({ http }: TestServer): Promise<string | null> {
  return (await fetch(`${http}/v1/revision`)).headers.get("x-countersign-epoch");
}

test("an allow bears its grant under the epoch that is told; a denial bears none", async () => {
  const grant = parseGrant((await grantFrom(server, "/orders/1", bearer())) ?? "");
  expect(grant).toMatchObject({ milliseconds: 3000, atoms: ["header:authorization", "query"], terms: ["^/orders/"] });
  expect(grant?.epoch).toBe(await epochOf(server));
  expect(await grantFrom(server, "/other", bearer())).toBe(undefined);
  expect(await (await fetch(`${server.http}/metrics`)).text()).toContain(
    'countersign_grants_total{outcome="issued"} 1',
  );
});

test("two servers with the same in force tell one epoch, however many workers they have", async () => {
  expect(await epochOf(twin)).toBe(await epochOf(server));
  expect(parseGrant((await grantFrom(twin, "/orders/1", bearer())) ?? "")?.epoch).toBe(await epochOf(server));
});

test("a revocation and a rotation of keys each end the epoch", async () => {
  const before = await epochOf(server);
  await writeFile(join(folder.path, "revoked.json"), '{"revoked":[{"jti":"x"}]}');
  await expect.poll(() => epochOf(server), { timeout: 20_000 }).not.toBe(before);
  const between = await epochOf(server);
  served = [jwkOf(keys.rsa, { kid: "k1" }), jwkOf(keys.otherRsa, { kid: "k2" })];
  await expect.poll(() => epochOf(server), { timeout: 20_000 }).not.toBe(between);
  await expect.poll(async () => (await epochOf(twin)) === (await epochOf(server)), { timeout: 20_000 }).toBe(true);
});
