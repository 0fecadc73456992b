/** One document over real HTTP from an issuer that misbehaves in every way we know of. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { JwksRequest } from "../../ext-authz/authenticate/jwks-answer.ts";
import { createJwksFetch } from "../../ext-authz/authenticate/jwks-fetch.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function issuer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
}

const fetch = createJwksFetch({ caPem: "", allowPrivateAddresses: false });
const ask = (url: string, more: Partial<JwksRequest> = {}) =>
  fetch({ url, etag: "", maxBytes: 1000, signal: new AbortController().signal, ...more });

const answers: readonly (readonly [name: string, listener: RequestListener, expected: object])[] = [
  [
    "keys",
    (_, res) => res.setHeader("etag", '"1"').end("{}"),
    { value: { kind: "document", text: "{}", etag: '"1"' } },
  ],
  ["500", (_, res) => res.writeHead(500).end("{}"), { error: "status 500" }],
  ["404", (_, res) => res.writeHead(404).end("{}"), { error: "status 404" }],
  ["204", (_, res) => res.writeHead(204).end(), { error: "status 204" }],
  ["304 unasked", (_, res) => res.writeHead(304).end(), { error: "status 304: redirects are not followed" }],
  [
    "redirect to itself",
    (_, res) => res.writeHead(302, { location: "/keys" }).end(),
    { error: "status 302: redirects are not followed" },
  ],
  [
    "redirect to metadata",
    (_, res) => res.writeHead(307, { location: "http://169.254.169.254/" }).end(),
    { error: "status 307: redirects are not followed" },
  ],
  ["huge", (_, res) => res.end("x".repeat(1001)), { error: "too large" }],
  ["huge, in chunks", (_, res) => res.write("x".repeat(900)) && res.end("x".repeat(900)), { error: "too large" }],
  ["exactly the limit", (_, res) => res.end("x".repeat(1000)), { ok: true }],
  [
    "half a body",
    (_, res) => res.writeHead(200, { "content-length": "100" }).write("{", () => res.destroy()),
    { ok: false },
  ],
  ["no answer", (_, res) => res.destroy(), { ok: false }],
  ["compressed", (_, res) => res.setHeader("content-encoding", "gzip").end("{}"), { error: "compressed" }],
  ["not UTF-8", (_, res) => res.end(Buffer.from([0xff])), { error: "not UTF-8" }],
];

test.each(answers)("%s", async (_, listener, expected) => {
  expect(await ask(await issuer(listener))).toMatchObject(expected);
});

test("nobody listens", async () => {
  const url = await issuer(() => {});
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  expect(await ask(url)).toEqual({ ok: false, error: "ECONNREFUSED" });
});

test("the ETag is sent, and 304 is an answer", async () => {
  const url = await issuer((req, res) => res.writeHead(req.headers["if-none-match"] === '"1"' ? 304 : 200).end("{}"));
  expect(await ask(url, { etag: '"1"' })).toEqual({ ok: true, value: { kind: "unchanged" } });
  expect(await ask(url)).toMatchObject({ ok: true, value: { kind: "document" } });
});

test.each([
  ["before the headers", () => {}],
  ["inside the body", (res: { write: (text: string) => void }) => res.write("{")],
])("an issuer that never ends is left %s", async (_, begin) => {
  const aborter = new AbortController();
  const url = await issuer((_req, res) => {
    begin(res);
    setImmediate(() => aborter.abort());
  });
  expect(await ask(url, { signal: aborter.signal })).toMatchObject({ ok: false });
});

test("a name is looked up once, and connected to as checked", async () => {
  const url = new URL(await issuer((_, res) => res.end("{}")));
  url.hostname = "localhost";
  const result = await ask(url.href);
  // `localhost` may resolve to ::1 first, where nobody listens: then the refusal is the connection's, not the guard's.
  expect(result.ok || result.error === "ECONNREFUSED").toBe(true);
});
