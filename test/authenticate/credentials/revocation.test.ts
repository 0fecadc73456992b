/** Revoked tokens: what a list says, and lists over time from a file and over HTTP. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseRevocationList } from "../../../ext-authz/authenticate/credentials/revocation-list.ts";
import { type Folder, makeFolder } from "../../support/folder.ts";
import { bearer, goodClaims, ISSUER, request, token } from "../forge.ts";
import { type HttpServer, json, type Living, livingSources, startHttpServer } from "./living.ts";
import { jwtRule, readAll, type Stage, stageOf, type Written } from "./stage.ts";

const OK = `ok ${ISSUER}/alice`;
const verified = (claims: object) => {
  const whole = { iss: ISSUER, sub: "alice", jti: "j", sid: "s", iat: 100, ...claims };
  return { raw: "", issuer: whole.iss, subject: whole.sub, expiresAt: undefined, claims: whole };
};

test.each<[string, object, object, boolean]>([
  ["its jti", { jti: "j" }, {}, true],
  ["another jti", { jti: "k" }, {}, false],
  ["its jti of its issuer", { jti: "j", iss: ISSUER }, {}, true],
  ["its jti of another issuer", { jti: "j", iss: "https://b.example" }, {}, false],
  ["its session", { sid: "s" }, {}, true],
  ["another session", { sid: "j" }, {}, false],
  ["its subject, issued before", { sub: "alice", iat: 101 }, {}, true],
  ["its subject, issued in that second", { sub: "alice", iat: 100 }, { iat: 100.9 }, true],
  ["its subject, issued after", { sub: "alice", iat: 99 }, {}, false],
  ["its subject, nobody knows when issued", { sub: "alice", iat: 1 }, { iat: undefined }, true],
  ["its subject, issued at no time", { sub: "alice", iat: 1 }, { iat: "200" }, true],
  ["another subject", { sub: "bob", iat: 101 }, {}, false],
  ["a name that every object has", { jti: "constructor" }, {}, false],
  ["a jti like one of our own keys", { jti: 'j",null]' }, {}, false],
])("%s", (_, entry, claims, revoked) => {
  const list = parseRevocationList(JSON.stringify({ revoked: [entry] }));
  if (!list.ok) throw new Error(list.error);
  expect(list.value.revokes(verified(claims))).toBe(revoked);
});

test("of two entries for one subject the later one counts", () => {
  for (const order of [
    [50, 150],
    [150, 50],
  ]) {
    const list = parseRevocationList(JSON.stringify({ revoked: order.map((iat) => ({ sub: "alice", iat })) }));
    expect(list.ok && list.value.revokes(verified({}))).toBe(true);
  }
});

test.each<[string, string]>([
  ["empty", ""],
  ["a list", "[]"],
  ["no list", "{}"],
  ["revoked is no list", '{"revoked":{}}'],
  ["revoked twice", '{"revoked":[{"jti":"a"}],"revoked":[]}'],
  ["cut", '{"revoked":[{"jti":"a"}'],
  ["text", '{"revoked":["a"]}'],
  ["nothing named", '{"revoked":[{}]}'],
  ["only an issuer", '{"revoked":[{"iss":"a"}]}'],
  ["two names", '{"revoked":[{"jti":"a","sid":"b"}]}'],
  ["unknown name", '{"revoked":[{"jit":"a"}]}'],
  ["misspelt beside", '{"revoked":[{"jti":"a","issuer":"b"}]}'],
  ["empty name", '{"revoked":[{"jti":""}]}'],
  ["a number", '{"revoked":[{"jti":1}]}'],
  ["a subject for ever", '{"revoked":[{"sub":"a"}]}'],
  ["a time as text", '{"revoked":[{"sub":"a","iat":"1"}]}'],
  ["a jti with a time", '{"revoked":[{"jti":"a","iat":1}]}'],
  ["issuer is no text", '{"revoked":[{"jti":"a","iss":null}]}'],
])("a list that cannot be read whole is none: %s", (_, text) => {
  expect(parseRevocationList(text).ok).toBe(false);
});

const listOf = (...jtis: string[]) => JSON.stringify({ revoked: jtis.map((jti) => ({ jti })) });
const tokenOf = (jti: string) => bearer(token(goodClaims({ aud: "svc", jti })));

let living: Living;
beforeEach(() => {
  living = livingSources();
});
afterEach(() => living.sources.stop());

async function stageWith(spec: object, more: readonly Written[] = []): Promise<Stage> {
  const stage = stageOf([jwtRule, ["Revocation", { interval: "10s", maxAge: "60s", ...spec }], ...more], {
    sources: living.sources,
  });
  await living.sources.ready();
  return stage;
}

describe("a file", () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => folder.remove());

  test("counts after one interval; broken or gone it serves on, up to its age", async () => {
    const file = join(folder.path, "revoked.json");
    await writeFile(file, listOf("a"));
    const stage = await stageWith({ file });
    const feed = living.sources.feedFor(revocationOf({ file }));
    const read = async (done: () => boolean) => {
      await living.clock.advance(10);
      while (!done()) await new Promise((resolve) => setImmediate(resolve));
    };
    expect(await stage.line(tokenOf("a"))).toBe("token_revoked");
    expect(await stage.line(tokenOf("b"))).toBe(OK);
    expect(await stage.line(request())).toBe("none");

    await writeFile(file, listOf("a", "b"));
    expect(await stage.line(tokenOf("b"))).toBe(OK);
    await read(() => feed.current()?.size === 2);
    expect(await stage.line(tokenOf("b"))).toBe("token_revoked");

    expect(living.sources.revocations()).toMatchObject([{ ageSeconds: 0, failures: 0, entries: 2 }]);

    await writeFile(file, '{"revoked":[');
    await read(() => living.warnings.length === 1);
    expect(living.sources.revocations()).toMatchObject([{ ageSeconds: 10, failures: 1, entries: 2 }]);
    expect(await stage.line(tokenOf("b"))).toBe("token_revoked");
    await rm(file);
    for (const failures of [2, 3, 4, 5, 6]) await read(() => living.warnings.length === failures);
    expect(await stage.line(tokenOf("c"))).toBe(OK);
    await read(() => living.warnings.length === 7);
    expect(await stage.line(tokenOf("c"))).toBe("503 revocation_unavailable");
    expect(await stage.line(request())).toBe("none");

    await writeFile(file, listOf("c"));
    await read(() => feed.current() !== undefined);
    expect(await stage.line(tokenOf("c"))).toBe("token_revoked");
    expect(await stage.line(tokenOf("b"))).toBe(OK);
  });

  test("never there: nobody knows what is revoked", async () => {
    const stage = await stageWith({ file: join(folder.path, "none.json") });
    expect(await stage.line(tokenOf("a"))).toBe("503 revocation_unavailable");
  });
});

describe("a feed", () => {
  let server: HttpServer;
  beforeEach(async () => {
    server = await startHttpServer(json(listOf("a")));
  });
  afterEach(() => server.stop());

  test("is polled, with its etag; an outage changes nothing", async () => {
    server.answer = (_, response) => response.setHeader("etag", '"1"').end(listOf("a"));
    const stage = await stageWith({ uri: server.url });
    expect(await stage.line(tokenOf("a"))).toBe("token_revoked");

    let asked: string | undefined;
    server.answer = (incoming, response) => {
      asked = incoming.headers["if-none-match"];
      response.writeHead(304).end();
    };
    await poll(2);
    expect(asked).toBe('"1"');
    expect(await stage.line(tokenOf("a"))).toBe("token_revoked");

    server.answer = (_, response) => response.writeHead(500).end(listOf());
    await poll(3);
    expect(living.warnings.length).toBe(1);
    expect(await stage.line(tokenOf("a"))).toBe("token_revoked");

    server.answer = json(listOf("b"));
    await poll(4);
    expect(await stage.line(tokenOf("b"))).toBe("token_revoked");
    expect(await stage.line(tokenOf("a"))).toBe(OK);
  });

  test("one that hangs is given up after an interval", async () => {
    server.answer = () => {};
    const stage = stageOf([jwtRule, ["Revocation", { uri: server.url, interval: "10s", maxAge: "60s" }]], {
      sources: living.sources,
    });
    const ready = living.sources.ready();
    await server.received(1);
    await living.clock.advance(10);
    await ready;
    expect(living.warnings[0]?.fields["reason"]).toBe("timed out");
    expect(await stage.line(tokenOf("a"))).toBe("503 revocation_unavailable");
  });

  test("in shadow it only says what it would have done", async () => {
    const stage = await stageWith({ uri: server.url, mode: "shadow" });
    expect(await stage.result(tokenOf("a"))).toMatchObject({
      ok: true,
      value: { shadow: [{ policy: { kind: "Revocation" }, action: "DENY" }] },
    });
    await server.stop();
  });

  test("what no resource wants any more is not polled", async () => {
    await stageWith({ uri: server.url });
    living.sources.retain([]);
    expect(living.clock.pending()).toBe(0);
  });

  /** Each attempt sets two timers: its bound, and at its end the next attempt. */
  async function poll(attempts: number): Promise<void> {
    await living.clock.advance(10);
    await settled(() => living.timers() === 2 * attempts);
    expect(server.asked.length).toBe(attempts);
  }
});

async function settled(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

function revocationOf(spec: object) {
  const [resource] = readAll([["Revocation", { interval: "10s", maxAge: "60s", ...spec }]]);
  if (resource?.kind !== "Revocation") throw new Error("no Revocation");
  return resource;
}
