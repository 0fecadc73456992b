/** Certificate-bound tokens (RFC 8705): the published certificate, as Envoy reports it and in x-forwarded-client-cert. */
import { rootCertificates } from "node:tls";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { certificateThumbprint } from "../../../ext-authz/authenticate/credentials/certificate-thumbprint.ts";
import { forwardedThumbprint } from "../../../ext-authz/authenticate/credentials/forwarded-certificate.ts";
import { goodClaims, ISSUER, keys, request, token } from "../forge.ts";
import { jwtRule, proofFor, stageOf, thumbprintOf, vectors, type Written } from "./stage.ts";

const [example] = vectors.certificates;
if (example === undefined) throw new Error("no vector");
const { pem, thumbprint } = example;
const HASH = Buffer.from(thumbprint, "base64url").toString("hex");
const CERT = encodeURIComponent(pem);
const otherPem = rootCertificates[0] ?? "";
const OTHER_CERT = encodeURIComponent(otherPem);
const OTHER = "ab".repeat(32);
const OK = `ok ${ISSUER}/alice`;

test.each(vectors.certificates)("$source", (vector) => {
  expect(certificateThumbprint(vector.pem)).toBe(vector.thumbprint);
});

test.each(["", "x", pem.slice(0, -60), pem.replaceAll("M", "!"), "x".repeat(70_000)])("no certificate: %j", (text) => {
  expect(certificateThumbprint(text)).toBeUndefined();
});

describe("a certificate-bound token", () => {
  const mtls = (spec: object = {}): Written => ["ProofOfPossession", { method: "mtls", ...spec }];
  const bound = token(goodClaims({ aud: "svc", cnf: { "x5t#S256": thumbprint } }));
  const both = token(goodClaims({ aud: "svc", cnf: { "x5t#S256": thumbprint, jkt: thumbprintOf(keys.p256) } }));
  const unknown = token(goodClaims({ aud: "svc", cnf: { kid: "x" } }));
  const free = token(goodClaims({ aud: "svc" }));
  const as = (raw: string, peerCertificate: string | undefined) =>
    request({ authorization: `Bearer ${raw}` }, { peerCertificate });

  test.each<[string, string, string, string | undefined, string, string]>([
    ["its certificate", "mtls", bound, pem, OK, OK],
    ["its certificate, any", "any", bound, pem, OK, OK],
    ["another certificate", "mtls", bound, otherPem, "token_certificate", "token_certificate"],
    ["no certificate", "mtls", bound, undefined, "token_certificate", "token_certificate"],
    ["no certificate that can be read", "mtls", bound, "x", "token_certificate", "token_certificate"],
    ["only dpop is checked", "dpop", bound, pem, "token_confirmation", OK],
    ["only half of the binding is checked", "mtls", both, pem, "token_proof_missing", OK],
    ["the other half is missing", "any", both, pem, "token_proof_missing", "token_proof_missing"],
    ["bound in a way that nobody checks", "any", unknown, pem, "token_confirmation", OK],
    ["not bound", "mtls", free, pem, OK, OK],
  ])("%s", async (_, method, raw, certificate, strict, lenient) => {
    const policies = [jwtRule, mtls({ method })];
    expect(await stageOf(policies).line(as(raw, certificate))).toBe(strict);
    expect(await stageOf(policies, { strict: false }).line(as(raw, certificate))).toBe(lenient);
  });

  test("bound to both: both must hold", async () => {
    const stage = stageOf([jwtRule, mtls({ method: "any" })]);
    const proof = () => ({ authorization: `DPoP ${both}`, dpop: proofFor(both) });
    expect(await stage.line(request(proof(), { peerCertificate: pem }))).toBe(OK);
    expect(await stage.line(request(proof(), { peerCertificate: otherPem }))).toBe("token_certificate");
  });

  test("required: free tokens and what is bound otherwise are refused", async () => {
    const stage = stageOf([jwtRule, mtls({ required: true })], { strict: false });
    expect(await stage.line(as(bound, pem))).toBe(OK);
    expect(await stage.line(as(free, pem))).toBe("token_unbound");
    expect(await stage.line(as(unknown, pem))).toBe("token_confirmation");
  });

  test.each([null, "x", [], {}, { jkt: 1 }, { jkt: "short" }, { jkt: `${thumbprint}=` }, { "x5t#S256": null }])(
    "cnf %j is refused",
    async (cnf) => {
      const raw = token(goodClaims({ aud: "svc", cnf }));
      expect(await stageOf([jwtRule, mtls()]).line(as(raw, pem))).toBe("token_confirmation");
      expect(await stageOf([jwtRule]).line(as(raw, pem))).toBe("token_confirmation");
    },
  );

  test("x-forwarded-client-cert counts only where the operator says so, and then alone", async () => {
    const xfcc = stageOf([jwtRule, mtls({ certificate: "xfcc" })]);
    const forwarded = { authorization: `Bearer ${bound}`, "x-forwarded-client-cert": `Hash=${HASH}` };
    expect(await xfcc.line(request(forwarded))).toBe(OK);
    expect(await xfcc.line(as(bound, pem))).toBe("token_certificate");
    expect(await stageOf([jwtRule, mtls()]).line(request(forwarded))).toBe("token_certificate");
  });
});

const OURS = `By=spiffe://td/ns/a/sa/gw;Hash=${HASH};Subject="CN=a,O=\\"b;c=d\\"";URI=spiffe://td/ns/a/sa/client`;
const THEIRS = `By=spiffe://td/ns/a/sa/b;Hash=${OTHER};URI=spiffe://td/ns/a/sa/gw`;

test.each<[string, string[], number]>([
  ["one element", [OURS], 0],
  ["last of two", [`${THEIRS},${OURS}`], 0],
  ["last of two lines", [THEIRS, OURS], 0],
  ["one hop behind", [`${OURS},${THEIRS}`], 1],
  ["keys in any case", [`hash=${HASH.toUpperCase()};uri=`], 0],
  ["quoted hash", [`Hash="${HASH}"`], 0],
  ["certificate alone", [`Cert="${CERT}"`], 0],
  ["hash and certificate agree", [`Hash=${HASH};Cert="${CERT}";Chain="${CERT}"`], 0],
  ["an element in a quoted subject is text", [`Hash=${HASH};Subject=",Hash=${OTHER}"`], 0],
  ["several URIs", [`Hash=${HASH};URI=a;URI=b;DNS=c`], 0],
])("x-forwarded-client-cert: %s", (_, lines, hops) => {
  expect(forwardedThumbprint(lines, hops)).toBe(thumbprint);
});

test.each<[string, string[], number]>([
  ["empty", [""], 0],
  ["fewer elements than trusted hops", [OURS], 1],
  ["no hash", ["By=a;URI=b"], 0],
  ["two hashes", [`Hash=${HASH};Hash=${HASH}`], 0],
  ["two hashes of different case", [`Hash=${HASH};hash=${OTHER}`], 0],
  ["hash put in by an unquoted name", [`Hash=${OTHER};URI=spiffe://x;Hash=${HASH}`], 0],
  ["short hash", [`Hash=${HASH.slice(1)}`], 0],
  ["hash in base64url", [`Hash=${thumbprint}`], 0],
  ["hash and certificate differ", [`Hash=${HASH};Cert="${OTHER_CERT}"`], 0],
  ["certificate that cannot be decoded", [`Hash=${HASH};Cert="%"`], 0],
  ["unknown key", [`Hash=${HASH};X=y`], 0],
  ["no key", [`Hash=${HASH};=y`], 0],
  ["no equal sign", [`Hash=${HASH};URI`], 0],
  ["equal sign in a bare value", [`Hash=${HASH};URI=a=b`], 0],
  ["quote in a bare value", [`Hash=${HASH};URI=a"b`], 0],
  ["text behind a quoted value", [`Hash=${HASH};Subject="a"b`], 0],
  ["quote that does not close", [`Hash=${HASH};Subject="a`], 0],
  ["quote that an escape keeps open", [`Hash=${HASH};Subject="a\\"`], 0],
  ["trailing semicolon", [`Hash=${HASH};`], 0],
  ["trailing comma", [`Hash=${HASH},`], 0],
  ["broken element before", [`x,Hash=${HASH}`], 0],
  ["empty line before", ["", `Hash=${HASH}`], 0],
  ["too many elements", [Array(33).fill(`Hash=${HASH}`).join(",")], 0],
  ["too long", [`Hash=${HASH};Subject="${"x".repeat(70_000)}"`], 0],
])("x-forwarded-client-cert is refused: %s", (_, lines, hops) => {
  expect(forwardedThumbprint(lines, hops)).toBeUndefined();
});

test("no text makes it throw, and what stands in quotes never becomes an element", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(2), (text, hops) => {
      forwardedThumbprint([text], hops);
      const quoted = text.replace(/["\\]/g, "\\$&");
      expect(forwardedThumbprint([`Hash=${HASH};Subject="${quoted}"`], 0)).toBe(thumbprint);
    }),
  );
});
