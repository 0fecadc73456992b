/** Last good keys on disk: what a restart in an outage may use, and what it must not. */
import { chmod, readdir, readFile, rename, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KeyStore } from "../../ext-authz/authenticate/kept-keys.ts";
import { openKeyFolder } from "../../ext-authz/authenticate/key-folder.ts";
import { createKeySources, type LivingKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { bearer, goodClaims, jwkOf, jwksOf, keys, NOW, outcome, planOf, rule, token } from "./forge.ts";
import { document, type HandClock, handClock, scriptedIssuer, silentLog } from "./hand-clock.ts";

const URI = "https://issuer.example/keys?secret=hunter2";
const remote = rule({ jwks: undefined, jwksUri: URI });
const text = jwksOf(jwkOf(keys.rsa, { kid: "k1" }));
const good = token(goodClaims({ exp: NOW + 1e7 }));
const BOUND = defaults.jwks.refreshSeconds + defaults.jwks.staleSeconds;
const NAME = "a".repeat(64);

let folder: Folder;
let path: string;
const running: LivingKeySources[] = [];
beforeEach(async () => {
  folder = await makeFolder();
  path = join(folder.path, "keys");
});
afterEach(async () => {
  for (const sources of running.splice(0)) sources.stop();
  await folder.remove();
});

const open = (now: () => number = () => NOW) =>
  openKeyFolder({ folder: path, maxBytes: 10_000, keepSeconds: BOUND, now });

/** One process: its clock, its issuer, its folder. Resolves when keys were tried and what is saved is saved. */
async function processAt(clock: HandClock, answers: string | undefined, store?: KeyStore) {
  const issuer = scriptedIssuer();
  if (answers !== undefined) issuer.say(URI, document(answers));
  const real = store ?? (await open());
  const saves: Promise<unknown>[] = [];
  const watched: KeyStore = {
    load: real.load,
    save(name, saved) {
      const saving = real.save(name, saved);
      saves.push(saving);
      return saving;
    },
  };
  const { now, setTimer } = clock;
  const sources = createKeySources(
    { fetch: issuer.fetch, now, setTimer, random: () => 0, log: silentLog, store: watched },
    defaults.jwks,
    { strict: true, jsonDepth: 32 },
  );
  running.push(sources);
  const plan = planOf([remote], false, sources.sourceFor);
  await sources.ready();
  await Promise.all(saves);
  return { sources, issuer, saves, check: () => outcome(plan, bearer(good), now()) };
}

async function onlyFile(): Promise<string> {
  const [name = ""] = await readdir(path);
  return join(path, name);
}

test("a restart with the issuer down serves, for as long as the keys would have served without it", async () => {
  const first = await processAt(handClock(NOW), text);
  expect(await first.check()).toBe("ok alice");
  first.sources.stop();

  const clock = handClock(NOW + BOUND - 100);
  const second = await processAt(clock, undefined);
  expect(await second.check()).toBe("ok alice");
  expect(second.sources.prefetched()).toBe(true);
  expect(second.sources.state()).toMatchObject([{ origin: "disk", keys: 1, failures: 1, ageSeconds: BOUND - 100 }]);
  expect(second.saves).toEqual([]);
  await clock.advance(101);
  expect(await second.check()).toBe("Jwks remote fetch is failed");
  expect(second.sources.state()).toMatchObject([{ origin: "none", keys: 0 }]);

  const third = await processAt(handClock(NOW + BOUND + 1), undefined);
  expect(await third.check()).toBe("Jwks remote fetch is failed");
});

test("the issuer's word counts more than the disk's", async () => {
  await processAt(handClock(NOW), jwksOf(jwkOf(keys.rsa, { kid: "k1" }), jwkOf(keys.p256, { kid: "k2" })));
  const second = await processAt(handClock(NOW + 60), jwksOf(jwkOf(keys.p256, { kid: "k2" })));
  expect(await second.check()).toBe("Jwks doesn't have key to match kid or alg from Jwt");
  const third = await processAt(handClock(NOW + 120), undefined);
  expect(third.sources.state()).toMatchObject([{ origin: "disk", keys: 1 }]);
  expect(await third.check()).toBe("Jwks doesn't have key to match kid or alg from Jwt");
});

test("files are ours alone, whole, and hold no address", async () => {
  await processAt(handClock(NOW), text);
  const files = await readdir(path);
  expect(files).toEqual([expect.stringMatching(/^jwks-[0-9a-f]{64}\.json$/)]);
  const file = await onlyFile();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await readFile(file, "utf8")).not.toContain("hunter2");
});

const edit = (change: (record: Record<string, unknown>) => object) => async (file: string) =>
  writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, "utf8")))));

test.each<[string, (file: string) => Promise<unknown>]>([
  ["cut off", async (file) => writeFile(file, (await readFile(file, "utf8")).slice(0, 100))],
  ["empty", (file) => writeFile(file, "")],
  ["not UTF-8", (file) => writeFile(file, Buffer.from([0xff]))],
  ["too large", (file) => writeFile(file, " ".repeat(10_001))],
  ["writable by others", (file) => chmod(file, 0o666)],
  ["a link", (file) => rename(file, `${file}.real`).then(() => symlink(`${file}.real`, file))],
  ["of another place", edit((record) => ({ ...record, name: NAME }))],
  ["of another version", edit((record) => ({ ...record, version: 2 }))],
  ["from the future", edit((record) => ({ ...record, at: NOW + 1000 }))],
  [
    "too old, though it says that it stays fresh",
    edit((record) => ({ ...record, at: NOW - BOUND, freshSeconds: 1e9 })),
  ],
  ["keys of no use", edit((record) => ({ ...record, text: '{"keys":[{"kty":"RSA"}]}' }))],
  ["a secret", edit((record) => ({ ...record, text: `{"keys":[{"kty":"oct","k":"${"A".repeat(43)}"}]}` }))],
])("not used: %s", async (_, spoil) => {
  await processAt(handClock(NOW), text);
  await spoil(await onlyFile());
  const second = await processAt(handClock(NOW + 60), undefined);
  expect(await second.check()).toBe("Jwks remote fetch is failed");
  expect(second.sources.state()).toMatchObject([{ origin: "none" }]);
});

test("a disk that does not answer delays nobody beyond the fetch's own bound", async () => {
  const clock = handClock(NOW);
  const hung = { load: () => new Promise<never>(() => {}), save: () => new Promise<never>(() => {}) };
  const starting = processAt(clock, undefined, hung);
  await clock.advance(5);
  expect(await (await starting).check()).toBe("Jwks remote fetch is failed");
});

test("a disk that cannot be written to stops nothing", async () => {
  const broken = {
    load: () => Promise.resolve({ ok: false, error: "EIO" } as const),
    save: () => Promise.reject(new Error("EROFS")),
  };
  const only = await processAt(handClock(NOW), text, broken).catch(() => undefined);
  expect(only).toBeUndefined();
  expect(await outcome(planOf([remote], false, running[0]?.sourceFor), bearer(good))).toBe("ok alice");
});

test("the folder must be ours; what nobody wrote for long is removed, what is not ours stays", async () => {
  const store = await open();
  await store.save(NAME, "old");
  await writeFile(join(path, "notes.txt"), "mine");
  await utimes(join(path, "notes.txt"), NOW, NOW);
  await utimes(join(path, `jwks-${NAME}.json`), NOW, NOW);
  await open(() => NOW + BOUND + 1);
  expect(await readdir(path)).toEqual(["notes.txt"]);
  await chmod(path, 0o777);
  await expect(open()).rejects.toThrow("can be written by others");
});

test("names and sizes are bounded", async () => {
  const store = await open();
  expect(await store.load(NAME)).toEqual({ ok: true, value: undefined });
  expect(await store.save(NAME, "x".repeat(10_001))).toEqual({ ok: false, error: "is too large" });
  expect(() => store.load("../../etc/passwd")).toThrow();
  expect(await readdir(path)).toEqual([]);
});
