/**
 * What must not be shown: credentials and masked claims in records of decisions, the log, explanations. In: requests that
 * were refused early, names that operators chose. Out: a text that does not hold the secret.
 */
import { expect, it } from "vitest";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { allowed, denied } from "../../ext-authz/decision.ts";
import type { Decision, Evidence, VerifiedToken } from "../../ext-authz/model.ts";
import { createLog, redact } from "../../ext-authz/observe/log.ts";
import { createObserver } from "../../ext-authz/observe/observer.ts";
import { createRecentDecisions } from "../../ext-authz/observe/recent-decisions.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import { compileSnapshot } from "../../ext-authz/snapshot.ts";
import { readAll, type Written } from "../authenticate/credentials/stage.ts";
import { encode, inlineSource, LIMITS, request } from "../authenticate/forge.ts";

const SECRET = "k3y-that-nobody-may-see";
const context = { id: "d1", revision: "" };
const NONE: readonly string[] = [];
const digest = "0".repeat(64);

/** The policy that looks at a header or a pseudo header, whatever stands in it. */
function readerOf(header: string): string {
  const rules = [{ when: [{ key: `request.headers[${header}]`, values: ["*"] }] }];
  const metadata = { name: "reads", namespace: "foo" };
  return JSON.stringify({ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", metadata, spec: { rules } });
}

/** All that an operator can see of one decision: the record with its explanation, and the log. */
function shownOf(written: readonly Written[], decision: Decision, { header = "x", maskClaims = NONE } = {}): string {
  const lines: string[] = [];
  const reader = readResources([{ file: "/p.yaml", text: readerOf(header) }]).resources;
  const resources = [...readAll(written), ...reader];
  const snapshot = compileSnapshot(resources, {
    ...{ mesh: defaults.mesh, limits: LIMITS, clockSkewSeconds: 60 },
    keys: { sourceFor: inlineSource(true) },
    compileMint: () => {
      throw new Error("nothing is minted here");
    },
    hash: () => "",
  });
  const observer = createObserver({
    metrics: { decided() {}, shadowChanged() {}, shadowFailed() {} },
    log: createLog(
      "debug",
      (line) => lines.push(line),
      () => new Date(0),
    ),
    recent: createRecentDecisions(10),
    decisionLog: undefined,
    keep: { headers: [], claims: [], maskHeaders: [], maskClaims },
    mesh: defaults.mesh,
    now: () => new Date(0),
  });
  observer.inForce(snapshot, []);
  observer.decided(decision, 1);
  return JSON.stringify(observer.find("d1")) + lines.join("");
}

function refused(evidence: Evidence): Decision {
  const refusal = { code: "token_malformed", text: "no" } as const;
  return denied(context, refusal, { request: evidence.received, evidence });
}

const keyIn = (place: object): Written => [
  "ApiKeys",
  { issuer: "keys", consumers: [{ name: "a", sha256: digest }], ...place },
];
it("an API key in the query of a refused request, where a policy reads :path", () => {
  const received = request({}, { query: `key=${SECRET}` });
  const evidence = { received, judged: undefined, payload: undefined };
  expect(shownOf([keyIn({ fromParams: ["key"] })], refused(evidence), { header: ":path" })).not.toContain(SECRET);
});

it.each(["x-auth-key", "apikey", "api-key"])("an API key in the header %s, which a policy reads too", (name) => {
  const received = request({ [name]: SECRET });
  const evidence = { received, judged: undefined, payload: undefined };
  expect(shownOf([keyIn({ fromHeaders: [{ name }] })], refused(evidence), { header: name })).not.toContain(SECRET);
});

it("the subject, where `sub` is masked", () => {
  const token: VerifiedToken = {
    raw: "",
    issuer: "i",
    subject: SECRET,
    expiresAt: 1,
    claims: { iss: "i", sub: SECRET },
  };
  const received = request();
  const evidence = { received, judged: received, payload: token.claims };
  const verdict = { effect: "allow", policy: undefined, shadow: [] } as const;
  const decision = allowed(context, { token, verdict, changes: [], evidence });
  expect(shownOf([], decision, { maskClaims: ["sub"] })).not.toContain(SECRET);
});

it.each(['{"a":1}', '{ "a":1}', '{\n"a":1}', ' {"a":1}', '{\t"a":1}'])("a JWT whose JSON begins as %j", (json) => {
  expect(redact(`/cb/${encode(json)}.${encode(json)}.${encode(SECRET)}`)).not.toContain(encode(SECRET));
});
