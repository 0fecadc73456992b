/** What outlives a reload and what does not: memories, used proofs, questions under way. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { goodClaims, ISSUER, keys, NOW, request, token } from "../forge.ts";
import { type HttpServer, json, type Living, livingSources, startHttpServer } from "./living.ts";
import { jwtRule, proofFor, readAll, stageOf, thumbprintOf, type Written } from "./stage.ts";

const good = { active: true, sub: "bob", aud: "svc", exp: NOW + 600 };

let server: HttpServer;
let living: Living;
beforeEach(async () => {
  server = await startHttpServer(json(good));
  living = livingSources();
});
afterEach(async () => {
  living.sources.stop();
  await server.stop();
});

const introspection = (spec: object = {}): Written => [
  "TokenIntrospection",
  { endpoint: server.url, clientId: "c", clientSecretFile: "secret", issuer: "as", audiences: ["svc"], ...spec },
];
const opaque = (raw: string) => request({ authorization: `Bearer ${raw}` });
const load = (...written: readonly Written[]) => stageOf(written, { sources: living.sources });

describe("memory", () => {
  test("an answer serves for so long, and never beyond the token's end", async () => {
    const one = load(introspection({ cache: "100s" }));
    server.answer = json({ ...good, exp: NOW + 50 });
    expect(await one.line(opaque("abc"), NOW)).toBe("ok as/bob");
    await living.clock.advance(49);
    expect(await one.line(opaque("abc"), NOW + 49)).toBe("ok as/bob");
    expect(server.asked.length).toBe(1);
    await living.clock.advance(1);
    expect(await one.line(opaque("abc"), NOW + 50)).toBe("token_expired");
  });

  test("a withdrawn token is refused after the cache's time", async () => {
    const one = load(introspection({ cache: "10s" }));
    expect(await one.line(opaque("abc"))).toBe("ok as/bob");
    server.answer = json({ active: false });
    await living.clock.advance(9);
    expect(await one.line(opaque("abc"), NOW + 9)).toBe("ok as/bob");
    await living.clock.advance(1);
    expect(await one.line(opaque("abc"), NOW + 10)).toBe("token_inactive");
  });

  test("no cache: asked each time", async () => {
    const one = load(introspection({ cache: "0s" }));
    for (const _ of [1, 2]) expect(await one.line(opaque("abc"))).toBe("ok as/bob");
    expect(server.asked.length).toBe(2);
  });

  test("many requests of one token are one question; another token is another", async () => {
    const one = load(introspection());
    const lines = await Promise.all(Array.from({ length: 20 }, () => one.line(opaque("abc"))));
    expect(new Set(lines)).toEqual(new Set(["ok as/bob"]));
    expect(server.asked.length).toBe(1);
    await one.line(request({ authorization: "Bearer abd" }));
    expect(server.asked.length).toBe(2);
  });

  test("what one server said is not what another says", async () => {
    const other = await startHttpServer(json({ active: false }));
    expect(await load(introspection()).line(opaque("abc"))).toBe("ok as/bob");
    expect(await load(introspection({ endpoint: other.url })).line(opaque("abc"))).toBe("token_inactive");
    await other.stop();
  });
});

test("a reload keeps what was introspected, whatever else changed in the resource", async () => {
  expect(await load(introspection()).line(opaque("a"))).toBe("ok as/bob");
  const next = introspection({ issuer: "as2", audiences: ["x"] });
  const reloaded = load(next);
  living.sources.retain(readAll([next]));
  expect(await reloaded.line(opaque("a"))).toBe("token_audience");
  expect(server.asked.length).toBe(1);
});

test("another endpoint, client or time to keep is another memory", async () => {
  for (const spec of [{}, { clientId: "d" }, { cache: "5s" }, { endpoint: `${server.url}x` }]) {
    expect(await load(introspection(spec)).line(opaque("a"))).toBe("ok as/bob");
  }
  expect(server.asked.length).toBe(4);
});

test("a resource that went takes its memory and its questions with it", async () => {
  const stage = load(introspection());
  expect(await stage.line(opaque("a"))).toBe("ok as/bob");
  server.answer = () => {};
  const waiting = stage.line(opaque("b"));
  await server.received(2);
  living.sources.retain([]);
  expect(await waiting).toBe("503 introspection_failed");
  server.answer = json({ active: false });
  expect(await load(introspection()).line(opaque("a"))).toBe("token_inactive");
});

test("a used proof stays used over a reload", async () => {
  const policies: readonly Written[] = [jwtRule, ["ProofOfPossession", { method: "dpop" }]];
  const raw = token(goodClaims({ aud: "svc", cnf: { jkt: thumbprintOf(keys.p256) } }));
  const proved = request({ authorization: `DPoP ${raw}`, dpop: proofFor(raw) });
  expect(await load(...policies).line(proved)).toBe(`ok ${ISSUER}/alice`);
  living.sources.retain(readAll(policies));
  expect(await load(...policies).line(proved)).toBe("token_proof_replayed");
});

test("questions under way are bounded: one more is an outage at once", async () => {
  server.answer = () => {};
  const stage = load(introspection());
  const waiting = Array.from({ length: 256 }, (_, index) => stage.line(opaque(`t${index}`)));
  expect(await stage.line(opaque("one-more"))).toBe("503 introspection_failed");
  await living.clock.advance(2);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["503 introspection_failed"]));
});

test("a connection that the server gave up meanwhile is asked over once, on a new one", async () => {
  const used = new WeakSet<object>();
  server.answer = (asked, response) => {
    if (used.has(asked.socket)) return asked.socket.destroy();
    used.add(asked.socket);
    return response.end(JSON.stringify({ active: false }));
  };
  const stage = load(introspection({ cache: "0s" }));
  expect(await stage.line(opaque("a"))).toBe("token_inactive");
  expect(await stage.line(opaque("b"))).toBe("token_inactive");
  expect(server.asked.map(({ form }) => form.get("token"))).toEqual(["a", "b", "b"]);
});
