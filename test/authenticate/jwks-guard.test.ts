/** The guard after DNS, private CAs over real TLS, and headers that would make the next request fail. */
import type { LookupAddress } from "node:dns";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { guardLookup } from "../../ext-authz/authenticate/guarded-connection.ts";
import { createJwksFetch } from "../../ext-authz/authenticate/jwks-fetch.ts";
import { CA_PEM, LEAF } from "./jwks-certificates.ts";
import { serveJwks, stopServers } from "./jwks-server.ts";

const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });

function lookUp(all: boolean, ...addresses: readonly LookupAddress[]): Promise<unknown> {
  const guarded = guardLookup((_hostname, _options, callback) => callback(null, [...addresses]));
  return new Promise((resolve) => {
    guarded("issuer.example", { all }, (error, found) => resolve(error === null ? found : error.message));
  });
}

test.each([
  ["an open address", [v4("203.0.113.1")], "203.0.113.1"],
  ["several", [v6("2001:db8::1"), v4("10.0.0.1")], "2001:db8::1"],
  ["metadata", [v4("169.254.169.254")], "link-local or metadata address"],
  ["metadata behind an open one", [v4("203.0.113.1"), v4("169.254.169.254")], "link-local or metadata address"],
  ["metadata, mapped", [v6("::ffff:a9fe:a9fe")], "link-local or metadata address"],
  ["metadata by NAT64", [v6("64:ff9b::6464:64c8")], "link-local or metadata address"],
  ["metadata by 6to4", [v6("2002:a83f:8110::1")], "link-local or metadata address"],
  ["link-local with a zone", [v6("fe80::1%eth0")], "link-local or metadata address"],
  ["nothing", [], "link-local or metadata address"],
])("a name that resolves to %s", async (_, addresses, first) => {
  expect(await lookUp(false, ...addresses)).toBe(first);
  const all = await lookUp(true, ...addresses);
  expect(all).toEqual(first === addresses[0]?.address ? addresses : first);
});

test("what DNS says of a failure is passed on", async () => {
  const guarded = guardLookup((_hostname, _options, callback) => callback(new Error("ENOTFOUND"), []));
  const error = await new Promise((resolve) => guarded("x", { all: true }, (found) => resolve(found?.message)));
  expect(error).toBe("ENOTFOUND");
});

let tls: Server | undefined;
afterEach(async () => {
  tls?.closeAllConnections();
  await new Promise((resolve) => (tls === undefined ? resolve(undefined) : tls.close(resolve)));
  tls = undefined;
  await stopServers();
});

const fetchWith = (caPem: string, url: string) =>
  createJwksFetch({ caPem, allowPrivateAddresses: false })({
    url,
    etag: "",
    maxBytes: 1000,
    signal: new AbortController().signal,
  });

test("a private CA is trusted when it is named, and only then", async () => {
  const server = createServer({ ...LEAF }, (_, res) => res.end("{}"));
  tls = server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  expect(await fetchWith("", url)).toEqual({ ok: false, error: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
  expect(await fetchWith(CA_PEM, url)).toMatchObject({ ok: true, value: { text: "{}" } });
  expect(await fetchWith(`# ours\n${LEAF.cert}${CA_PEM}`, url)).toMatchObject({ ok: true });
});

test.each([
  ["", true],
  ["not PEM", false],
  ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", false],
  [`${CA_PEM}-----BEGIN CERTIFICATE-----\n!\n`, false],
])("a CA bundle that cannot be read is said at the start", (caPem, fine) => {
  const create = () => createJwksFetch({ caPem, allowPrivateAddresses: false });
  if (fine) expect(create).not.toThrow();
  else expect(create).toThrow(/CA file/);
});

test.each([
  ['"1"', '"1"'],
  ['W/"a-b"', 'W/"a-b"'],
  ["1", ""],
  ['"a"b"', ""],
  ['"\u00e9"', ""],
  [`"${"x".repeat(201)}"`, ""],
])("ETag %s is sent back as %s", async (sent, kept) => {
  const url = await serveJwks((_, res) => res.setHeader("etag", sent).end("{}"));
  expect(await fetchWith("", url)).toMatchObject({ value: { etag: kept } });
});

test("an ETag that cannot be sent is a failure, not a crash", async () => {
  const url = await serveJwks((_, res) => res.end("{}"));
  const fetch = createJwksFetch({ caPem: "", allowPrivateAddresses: false });
  const answer = await fetch({ url, etag: '"\n"', maxBytes: 9, signal: new AbortController().signal });
  expect(answer).toEqual({ ok: false, error: "ERR_INVALID_CHAR" });
});

test("what Cache-Control says comes with the answer, also when nothing has changed", async () => {
  const url = await serveJwks((req, res) =>
    res
      .setHeader("cache-control", "max-age=60")
      .writeHead(req.headers["if-none-match"] === undefined ? 200 : 304)
      .end(),
  );
  expect(await fetchWith("", url)).toMatchObject({ value: { freshSeconds: 60 } });
  const fetch = createJwksFetch({ caPem: "", allowPrivateAddresses: false });
  const answer = await fetch({ url, etag: '"1"', maxBytes: 9, signal: new AbortController().signal });
  expect(answer).toEqual({ ok: true, value: { kind: "unchanged", freshSeconds: 60 } });
});
