/** OIDC discovery: the issuer says where its keys are, and may only speak for itself. */
import { expect, test } from "vitest";
import { fetchDocument } from "../../ext-authz/authenticate/remote-document.ts";
import { type Answer, document, scriptedIssuer } from "./hand-clock.ts";

const ISSUER = "https://issuer.example/tenant";
const CONFIGURATION = `${ISSUER}/.well-known/openid-configuration`;
const KEYS = "https://keys.example/jwks";
const configuration = (members: object): Answer => document(JSON.stringify(members));

async function discover(answer: Answer, issuer = ISSUER) {
  const web = scriptedIssuer();
  web.say(CONFIGURATION, answer);
  web.say(KEYS, document("the keys"));
  const bounds = { validator: { url: KEYS, etag: '"1"' }, maxBytes: 1000, signal: new AbortController().signal };
  const result = await fetchDocument({ kind: "discovery", issuer }, bounds, web.fetch, 8);
  return { result, asked: web.asked.map(({ url, etag }) => [url, etag]) };
}

test("the keys are fetched from where the configuration says, the ETag is theirs", async () => {
  const { result, asked } = await discover(configuration({ issuer: ISSUER, jwks_uri: KEYS }));
  expect(result).toMatchObject({ ok: true, value: { text: "the keys" } });
  expect(asked).toEqual([
    [CONFIGURATION, ""],
    [KEYS, '"1"'],
  ]);
});

test("a slash at the issuer's end is not doubled", async () => {
  const { result } = await discover(configuration({ issuer: `${ISSUER}/`, jwks_uri: KEYS }), `${ISSUER}/`);
  expect(result.ok).toBe(true);
});

test.each([
  [
    "another issuer",
    configuration({ issuer: "https://evil.example", jwks_uri: KEYS }),
    "discovery: the document is of another issuer",
  ],
  ["no issuer", configuration({ jwks_uri: KEYS }), "discovery: the document is of another issuer"],
  ["no jwks_uri", configuration({ issuer: ISSUER }), "discovery: no jwks_uri"],
  ["jwks_uri a list", configuration({ issuer: ISSUER, jwks_uri: [KEYS] }), "discovery: no jwks_uri"],
  [
    "jwks_uri without TLS",
    configuration({ issuer: ISSUER, jwks_uri: "http://keys.example/" }),
    "discovery: jwks_uri leaves https",
  ],
  ["HTML", document("<html>"), "discovery: not JSON"],
  ["a duplicate member", document(`{"issuer":"x","issuer":"${ISSUER}","jwks_uri":"${KEYS}"}`), "discovery: not JSON"],
  ["an outage", { ok: false, error: "status 500" } as const, "discovery: status 500"],
])("refused: %s", async (_, answer, error) => {
  const { result, asked } = await discover(answer);
  expect(result).toEqual({ ok: false, error });
  expect(asked.length).toBe(1);
});

test("the ETag of one URL is not sent to another", async () => {
  const moved = "https://keys.example/moved";
  const { asked } = await discover(configuration({ issuer: ISSUER, jwks_uri: moved }));
  expect(asked[1]).toEqual([moved, ""]);
});
