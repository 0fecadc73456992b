/** `/v1/stamp-keys`: nothing without a token, no more than the token may have, and nothing at all where it is not configured. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answerStampKeys, type StampKeys } from "../../ext-authz/respond/stamp-keys.ts";
import type { Asked } from "../../ext-authz/transport/http-server.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { startServer, type TestServer } from "../support/server.ts";

const token = "the-token-for-all-keys";
const verifyToken = "the-token-for-guards";
const key = { id: "k", algorithm: "ecdsa-p256-sha256" };
const views = {
  sign: { keys: [{ ...key, privateKey: "private" }], sign: "k" },
  verify: { keys: [{ ...key, publicKey: "public" }] },
};
const all = { views, token, verifyToken, lifetimeSeconds: 2400 };
const NOW = 1_800_000_000;
const answerNow = (keys: StampKeys, request: Asked) => answerStampKeys(keys, request, NOW);
const asked = (authorization: string, query = "", ifNoneMatch = "") => ({ authorization, query, ifNoneMatch });

test.each<[string, Parameters<typeof asked>, number, string]>([
  ["no token", [""], 401, "needed"],
  ["no scheme", [token], 401, "needed"],
  ["another scheme", [`Basic ${token}`], 401, "needed"],
  ["half of it", [`Bearer ${token.slice(0, -1)}`], 401, "needed"],
  ["more than it", [`Bearer ${token}, Bearer x`], 401, "needed"],
  ["a token in the query", ["", `access_token=${token}`], 401, "needed"],
  ["the token", [`Bearer ${token}`], 200, "private"],
  ["the token, to verify", [`Bearer ${token}`, "for=verify"], 200, "public"],
  ["the guards' token, for all", [`Bearer ${verifyToken}`], 403, "for=verify"],
  ["the guards' token, with a purpose beside it", [`Bearer ${verifyToken}`, "for=verify&for=sign"], 400, "for=verify"],
  ["the guards' token, to verify", [`Bearer ${verifyToken}`, "for=verify"], 200, "public"],
  ["another purpose", [`Bearer ${token}`, "for=sign"], 400, "for=verify"],
])("%s", (_, request, status, body) => {
  const answer = answerNow(all, asked(...request));
  expect(answer.status).toBe(status);
  expect(answer.body).toContain(body);
  if (status !== 200) expect(answer.body).not.toMatch(/private|public/);
});

test("no token is set: an empty one opens nothing", () => {
  expect(answerNow({ ...all, verifyToken: "" }, asked("Bearer ", "for=verify")).status).toBe(401);
});

test("nothing signs: 404", () => {
  expect(answerNow({ ...all, views: { ...views, sign: undefined } }, asked(`Bearer ${token}`)).status).toBe(404);
});

test("what is known is not sent again, to who may have it", () => {
  const { headers } = answerNow(all, asked(`Bearer ${token}`));
  const etag = headers?.["etag"] ?? "";
  expect(answerNow(all, asked(`Bearer ${token}`, "", etag))).toMatchObject({ status: 304, body: "" });
  expect(answerNow(all, asked(`Bearer ${token}`, "for=verify", etag)).status).toBe(200);
  expect(answerNow(all, asked("", "", etag)).status).toBe(401);
});

const until = (times: object, now = NOW) => {
  const set = { keys: [{ ...key, publicKey: "public", ...times }] };
  const answer = answerStampKeys(
    { ...all, views: { ...views, verify: set } },
    asked(`Bearer ${token}`, "for=verify"),
    now,
  );
  return JSON.parse(String(answer.body)).keys[0].notAfter - now;
};
// Of 2400 seconds the first 100 have one answer, then the next.
test.each<[string, object, number]>([
  ["without an end of its own", {}, 2400],
  ["that ends later", { notAfter: NOW + 9999 }, 2400],
  ["that ends sooner", { notAfter: NOW + 10 }, 10],
  ["that has ended", { notAfter: NOW - 10 }, -10],
  ["that begins within", { notBefore: NOW + 2000 }, 2400],
  ["that begins after", { notBefore: NOW + 5000 }, 5000],
  ["that begins after, and ends", { notBefore: NOW + 5000, notAfter: NOW + 6000 }, 5000],
])("a key %s is given for no longer than the lifetime", (_, times, seconds) => {
  expect(until(times)).toBe(seconds);
});

test("the end moves on in steps, and with it the tag; never further than the lifetime, never less than 23 of 24", () => {
  for (let at = 0; at < 300; at++) {
    expect(until({}, NOW + at)).toBe(2400 - (at % 100));
    expect(until({}, NOW + at + 0.9)).toBeCloseTo(2400 - (at % 100) - 0.9, 5);
  }
  const tag = (now: number) => answerStampKeys(all, asked(`Bearer ${token}`), now).headers?.["etag"] ?? "";
  expect([tag(NOW + 99), tag(NOW + 100)].map((one) => one === tag(NOW))).toEqual([true, false]);
  expect(answerStampKeys(all, asked(`Bearer ${token}`, "", tag(NOW)), NOW + 100).status).toBe(200);
});

/** A server needs something to decide by. */
const policy = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "none", namespace: "default" },
  spec: {},
};

let folder: Folder;
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(async () => {
  await server?.stop();
  await folder.remove();
});

const secretOf = (byte: number) => Buffer.alloc(32, byte).toString("base64url");
const file = (byte: number) => JSON.stringify({ keys: [{ id: "k", secret: secretOf(byte) }], sign: "k" });

test.each([1, 2])("a server with %i workers serves the file as it is now, and the last good one", async (workers) => {
  const [keys, tokenFile] = [join(folder.path, "keys.json"), join(folder.path, "token")];
  await writeFile(keys, file(1));
  await writeFile(tokenFile, `${token}\n`);
  server = await startServer({ workers, stampKeys: { file: keys, tokenFile } }, [policy]);
  const { http, child } = server;
  const ask = (authorization = `Bearer ${token}`) => fetch(`${http}/v1/stamp-keys`, { headers: { authorization } });
  const secret = async () => JSON.parse(await (await ask()).text()).keys[0].secret;
  expect([(await ask("Bearer x")).status, await secret()]).toEqual([401, secretOf(1)]);
  await writeFile(keys, file(2));
  await expect.poll(secret, { timeout: 10_000 }).toBe(secretOf(2));
  await writeFile(keys, file(3).slice(0, -1));
  await expect.poll(() => child.tail(), { timeout: 10_000 }).toContain("stamp keys not taken");
  expect(await secret()).toBe(secretOf(2));
  await writeFile(tokenFile, `${token}-new\n`);
  await writeFile(keys, file(4));
  await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(401);
  const said = child.tail() + (await (await fetch(`${http}/metrics`)).text());
  for (const hidden of [token, secretOf(1), secretOf(2), secretOf(4)]) expect(said).not.toContain(hidden);
});

test("a server without the setting has no such place", async () => {
  server = await startServer({}, [policy]);
  expect((await fetch(`${server.http}/v1/stamp-keys`)).status).toBe(404);
});

test("a server with a broken file does not start", async () => {
  const settings = { stampKeys: { file: join(folder.path, "none"), tokenFile: join(folder.path, "none") } };
  await expect(startServer(settings, [policy])).rejects.toThrow(/stampKeys\.tokenFile: ENOENT/);
});
