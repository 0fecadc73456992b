/** The same at the second rung: a real server process over gRPC, its secret and list in files, its servers on real ports. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { authorizationService } from "../../../ext-authz/transport/protos.ts";
import { type Folder, makeFolder } from "../../support/folder.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { goodClaims, ISSUER, keys, token } from "../forge.ts";
import { type HttpServer, json, startHttpServer } from "./living.ts";
import { jwtRule, proofFor, thumbprintOf, vectors } from "./stage.ts";

let folder: Folder;
let asked: HttpServer;
let server: TestServer;
let client: grpc.Client;

beforeAll(async () => {
  folder = await makeFolder();
  asked = await startHttpServer(json({ active: true, sub: "bob", aud: "svc" }));
  await writeFile(join(folder.path, "secret"), "s3cret\n");
  await writeFile(join(folder.path, "revoked.json"), JSON.stringify({ revoked: [{ jti: "gone" }] }));
  const ours = (kind: string, spec: object) => ({
    apiVersion: "countersign.dev/v1alpha1",
    ...{ kind, metadata: { name: kind.toLowerCase() }, spec },
  });
  const istio = (kind: string, spec: object) => ({ ...ours(kind, spec), apiVersion: "security.istio.io/v1" });
  server = await startServer({}, [
    istio("RequestAuthentication", jwtRule[1]),
    istio("AuthorizationPolicy", { rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] }),
    ours("ProofOfPossession", { method: "any" }),
    ours("Revocation", { file: join(folder.path, "revoked.json") }),
    ours("ApiKeys", {
      issuer: "keys",
      consumers: [{ name: "a", sha256: createHash("sha256").update("k").digest("hex") }],
    }),
    ours("TokenIntrospection", {
      ...{ endpoint: asked.url, clientId: "c", clientSecretFile: join(folder.path, "secret") },
      ...{ issuer: "as", audiences: ["svc"] },
    }),
  ]);
  client = new grpc.Client(`${server.grpc.host}:${server.grpc.port}`, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client?.close();
  await server?.stop();
  await asked?.stop();
  await folder?.remove();
});

interface Wire {
  readonly status: { readonly code: number };
  readonly ok_response?: object;
  readonly denied_response?: { readonly status: { readonly code: number } };
  readonly error_response?: object;
  readonly dynamic_metadata?: { readonly fields: Readonly<Record<string, { readonly stringValue?: string }>> };
}

function ask(headers: Readonly<Record<string, string>>, certificate = ""): Promise<string> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  const http = { method: "GET", path: "/", host: "svc.example", scheme: "http", headers };
  const source = { address: { socket_address: { address: "10.0.0.1", port_value: 1 } }, certificate };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { attributes: { source, request: { http } } },
      { deadline: Date.now() + 20_000 },
      (error: grpc.ServiceError | null, value?: unknown) => {
        if (error !== null) return reject(error);
        const { status, ok_response, dynamic_metadata } = value as Wire;
        const fields = dynamic_metadata?.fields ?? {};
        const isAllowed = status.code === 0 && ok_response !== undefined;
        resolve(
          isAllowed ? `ok ${fields["principal"]?.stringValue}` : `${status.code} ${fields["reason"]?.stringValue}`,
        );
      },
    );
  });
}

/** Proofs are of now: the server has a clock of its own. */
const seconds = () => Math.floor(Date.now() / 1000);
const jwt = (claims: object) => token(goodClaims({ aud: "svc", exp: seconds() + 600, ...claims }));

test("what counts and what does not", async () => {
  const [certificate] = vectors.certificates;
  const pem = encodeURIComponent(certificate?.pem ?? "");
  const bound = jwt({ cnf: { "x5t#S256": certificate?.thumbprint } });
  const dpop = jwt({ cnf: { jkt: thumbprintOf(keys.p256) } });
  const proof = proofFor(dpop, { claims: { iat: seconds() } });
  const alice = `ok ${ISSUER}/alice`;

  expect(await ask({})).toBe("7 no_policy_allows");
  expect(await ask({ authorization: `Bearer ${jwt({ jti: "here" })}` })).toBe(alice);
  expect(await ask({ authorization: `Bearer ${jwt({ jti: "gone" })}` })).toBe("16 token_revoked");
  expect(await ask({ authorization: `Bearer ${bound}` }, pem)).toBe(alice);
  expect(await ask({ authorization: `Bearer ${bound}` })).toBe("16 token_certificate");
  expect(await ask({ authorization: `DPoP ${dpop}`, dpop: proof })).toBe(alice);
  expect(await ask({ authorization: `DPoP ${dpop}`, dpop: proof })).toBe("16 token_proof_replayed");
  expect(await ask({ authorization: `Bearer ${dpop}` })).toBe("16 token_proof_missing");
  expect(await ask({ "x-api-key": "k" })).toBe("ok keys/a");
  expect(await ask({ "x-api-key": "l" })).toBe("16 api_key_invalid");
  expect(await ask({ authorization: "Bearer opaque" })).toBe("ok as/bob");
  expect(asked.asked.map(({ form }) => form.get("token"))).toEqual(["opaque"]);
  asked.answer = (_, response) => response.writeHead(500).end();
  expect(await ask({ authorization: "Bearer another" })).toBe("14 introspection_failed");
});
