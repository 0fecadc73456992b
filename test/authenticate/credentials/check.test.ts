/** Through the whole check, to what the client gets: status, challenge, and what policies see of other credentials. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { offlineSources } from "../../../ext-authz/authenticate/credentials/credential-sources.ts";
import { createCheck } from "../../../ext-authz/check.ts";
import { defaults } from "../../../ext-authz/config/defaults.ts";
import { readResources } from "../../../ext-authz/resources/read.ts";
import { answer } from "../../../ext-authz/respond/answer.ts";
import { compileSnapshot } from "../../../ext-authz/snapshot.ts";
import { goodClaims, ISSUER, inlineSource, keys, LIMITS, NOW, token } from "../forge.ts";
import { jwtRule, proofFor, thumbprintOf, type Written } from "./stage.ts";

const key = createHash("sha256").update("secret-key").digest("hex");
const policies: readonly Written[] = [
  jwtRule,
  ["ApiKeys", { issuer: "keys", consumers: [{ name: "billing", sha256: key, claims: { plan: "gold" } }] }],
  ["ProofOfPossession", { method: "dpop" }],
  [
    "TokenIntrospection",
    { endpoint: "https://as.example/", clientId: "c", clientSecretFile: "/s", issuer: "as", fromParams: ["opaque"] },
  ],
  [
    "AuthorizationPolicy",
    {
      rules: [
        { from: [{ source: { requestPrincipals: ["keys/billing"] } }], when: [gold()] },
        { from: [{ source: { requestPrincipals: [`${ISSUER}/*`] } }] },
      ],
    },
  ],
];

function gold() {
  return { key: "request.auth.claims[plan]", values: ["gold"] };
}

async function ask(headers: Readonly<Record<string, string>>, target = "/") {
  const items = policies.map(([kind, spec], index) => ({
    apiVersion: /^(Auth|Request)/.test(kind) ? "security.istio.io/v1" : "countersign.dev/v1alpha1",
    ...{ kind, metadata: { name: `r${index}` }, spec },
  }));
  const { resources } = readResources([
    { file: "/p.yaml", text: JSON.stringify({ apiVersion: "v1", kind: "List", items }) },
  ]);
  const snapshot = compileSnapshot(resources, {
    ...{ mesh: defaults.mesh, limits: LIMITS, clockSkewSeconds: 60 },
    keys: { sourceFor: inlineSource(true) },
    credentials: offlineSources(),
    compileMint: () => {
      throw new Error("nothing is minted here");
    },
    hash: (text) => text,
  });
  const check = createCheck({
    snapshot: () => snapshot,
    request: {
      ...{ strict: true, pathNormalization: "BASE", pathLength: 8192, clientAddress: defaults.clientAddress },
      workload: { namespace: "default", name: "", labels: new Map() },
    },
    now: () => NOW,
    newId: () => "id",
  });
  const peer = { address: "10.0.0.1", port: 1, principal: "", certificate: "" };
  const lines = new Map(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const decision = await check(
    {
      ...{ source: peer, destination: peer, sni: "", contextExtensions: new Map(), metadata: new Map() },
      http: { id: "", method: "GET", target, host: "svc.example", scheme: "http", headers: lines },
    },
    new AbortController().signal,
  );
  const answered = answer(decision);
  if (answered.kind === "allow") return `allow ${answered.metadata["principal"]}`;
  const challenge = new Map(answered.reply.headers).get("www-authenticate");
  return [answered.reply.status, answered.metadata["reason"], challenge ?? ""].join(" ").trim();
}

const bound = token(goodClaims({ aud: "svc", cnf: { jkt: thumbprintOf(keys.p256) } }));
const realm = 'realm="http://svc.example/"';
const algs = 'algs="ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512"';

test.each<[string, Readonly<Record<string, string>>, string, string]>([
  ["an API key", { "x-api-key": "secret-key" }, "/", "allow keys/billing"],
  ["a wrong API key", { "x-api-key": "x" }, "/", `401 api_key_invalid Bearer ${realm}`],
  [
    "a bound token and its proof",
    { authorization: `DPoP ${bound}`, dpop: proofFor(bound) },
    "/",
    `allow ${ISSUER}/alice`,
  ],
  [
    "the proof is missing",
    { authorization: `Bearer ${bound}` },
    "/",
    `401 token_proof_missing DPoP error="invalid_token", ${realm}, ${algs}`,
  ],
  [
    "a bad proof",
    { authorization: `DPoP ${bound}`, dpop: "x" },
    "/",
    `401 token_proof_invalid DPoP error="invalid_dpop_proof", ${realm}, ${algs}`,
  ],
  ["a server that cannot be asked", {}, "/?opaque=abc", "503 introspection_failed"],
  ["nothing", {}, "/", "403 no_policy_allows"],
])("%s", async (_, headers, target, line) => expect(await ask(headers, target)).toBe(line));
