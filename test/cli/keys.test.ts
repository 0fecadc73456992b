import { chmod, mkdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newStampKey } from "../../ext-authz/cli/new-stamp-key.ts";
import { rotate, type Step } from "../../ext-authz/cli/stamp-key-rotation.ts";
import { findingsOf, ringOfViews, stateOf, timeline } from "../../ext-authz/cli/stamp-key-states.ts";
import { readStampKeys } from "../../ext-authz/config/read-stamp-keys.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { ECDSA } from "../wasm-filter/keys.ts";
import { run } from "./run-command.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;
const secretOf = (byte: number) => Buffer.alloc(32, byte).toString("base64url");
const A = { id: "a", secret: secretOf(1) };
const B = { id: "b", secret: secretOf(2) };
const C = { id: "c", secret: secretOf(3) };

function ring(file: object) {
  const read = readStampKeys(JSON.stringify(file));
  if (!read.ok) throw new Error(read.error.join("; "));
  return ringOfViews(read.value.sign, read.value.verify);
}

describe("states", () => {
  const keys = [A, B, { ...C, notBefore: NOW + 10 }, { id: "d", secret: secretOf(4), notAfter: NOW - 1 }];

  it("of keys before, at and behind the one that signs", () => {
    const four = ring({ keys, sign: "b" });
    const at = (now: number) => four.keys.map((_, place) => stateOf(four, place, now));
    expect(at(NOW)).toEqual(["retiring", "active", "pending", "gone"]);
    expect(at(NOW + 10)).toEqual(["retiring", "active", "published", "gone"]);
    expect(at(NOW - 1)).toEqual(["retiring", "active", "pending", "published"]);
  });

  it("in the order of time", () => {
    const file = {
      keys: [
        { ...A, notAfter: NOW + 100 },
        { ...B, notBefore: NOW + 50 },
      ],
      sign: "a",
    };
    expect(timeline(ring(file), NOW)).toEqual([
      { at: NOW, signs: "a", verify: ["a"] },
      { at: NOW + 50, signs: "a", verify: ["a", "b"] },
      { at: NOW + 101, signs: "", verify: ["b"] },
    ]);
  });

  it.each<[string, object, number, readonly string[]]>([
    ["nothing", { keys: [A], sign: "a" }, 0o600, []],
    ["no signer", { keys: [A] }, 0o600, ["signer_missing"]],
    ["nothing that could sign", { keys: [ECDSA.verifying] }, 0o600, []],
    [
      "a signer that has ended",
      { keys: [{ ...A, notAfter: NOW - 1 }], sign: "a" },
      0o600,
      ["signer_not_serving", "key_gone"],
    ],
    ["a signer that begins later", { keys: [{ ...A, notBefore: NOW + 1 }], sign: "a" }, 0o600, ["signer_not_serving"]],
    ["a signer that ends soon", { keys: [{ ...A, notAfter: NOW + DAY }], sign: "a" }, 0o600, ["signer_ends"]],
    ["a signer that ends later", { keys: [{ ...A, notAfter: NOW + 8 * DAY }], sign: "a" }, 0o600, []],
    ["a rotation under way", { keys: [A, B], sign: "a" }, 0o600, ["rotation_unfinished"]],
    ["a file that all can read", { keys: [A], sign: "a" }, 0o644, ["file_open"]],
  ])("found: %s", (_, file, mode, ids) => {
    expect(findingsOf(ring(file), NOW, mode).map(({ id }) => id)).toEqual(ids);
  });
});

describe("a rotation", () => {
  const make = () => newStampKey("hmac-sha256", NOW);
  const step = (file: object, wanted?: Step) => rotate(JSON.stringify(file), wanted, make, NOW);

  it("is three steps, and then the next one begins", () => {
    const done: string[] = [];
    let text = JSON.stringify({ keys: [A], sign: "a" });
    const shown: string[] = [];
    for (let i = 0; i < 6; i++) {
      const next = rotate(text, undefined, make, NOW);
      if (!next.ok) throw new Error(next.error);
      ({ text } = next.value);
      done.push(next.value.step);
      const now = ring(JSON.parse(text));
      shown.push(now.keys.map((_, place) => stateOf(now, place, NOW)).join(" "));
    }
    expect(done).toEqual(["add", "sign", "remove", "add", "sign", "remove"]);
    expect(shown.slice(0, 3)).toEqual(["active published", "retiring active", "active"]);
    expect(JSON.parse(text).keys).toHaveLength(1);
  });

  it.each<[string, object, Step | undefined, string]>([
    ["another one while one is under way", { keys: [A, B], sign: "a" }, "add", "b is there and does not sign yet"],
    ["nothing newer to sign with", { keys: [A], sign: "a" }, "sign", "the next step is add"],
    ["a key that does not begin yet", { keys: [A, { ...B, notBefore: NOW + 9 }], sign: "a" }, "sign", "no newer key"],
    ["a key that cannot sign", { keys: [A, ECDSA.verifying], sign: "a" }, "sign", "no newer key"],
    ["nothing older to remove", { keys: [A, B], sign: "a" }, "remove", "the next step is sign"],
    ["no signer", { keys: [A] }, undefined, "names no key"],
    ["a broken file", { keys: [] }, undefined, "must be a list of 1 to 64 keys"],
  ])("refused: %s", (_, file, wanted, problem) => {
    const next = step(file, wanted);
    expect(next.ok ? "" : next.error).toContain(problem);
  });

  it("leaves every other key as it stands", () => {
    const keys = [A, { ...B, notAfter: NOW + 9 }, { ...ECDSA.signing }, C];
    const next = step({ keys, sign: "b" });
    expect(next.ok && JSON.parse(next.value.text)).toEqual({ keys: keys.slice(1), sign: "b" });
  });

  it.each(["hmac-sha256", "ecdsa-p256-sha256", "rsa-v1_5-sha256"])(
    "makes a key of %s that the server takes",
    (name) => {
      const next = rotate(JSON.stringify({ keys: [A], sign: "a" }), "add", () => newStampKey(name, NOW), NOW);
      const added = next.ok ? JSON.parse(next.value.text).keys[1] : undefined;
      expect(added).toMatchObject({ algorithm: name, id: expect.stringMatching(/^20270115-[0-9a-f]{6}$/) });
    },
  );
});

describe("the command", () => {
  let folder: Folder;
  const at = (name: string) => join(folder.path, name);
  const keys = (...args: readonly string[]) => run("keys", ...args, "--config", at("countersign.yaml"));
  const write = (file: object) => writeFile(at("keys.json"), JSON.stringify(file), { mode: 0o600 });
  const read = async () => JSON.parse(await readFile(at("keys.json"), "utf8"));
  beforeEach(async () => {
    folder = await makeFolder();
    await writeFile(at("countersign.yaml"), "stampKeys: { file: keys.json, tokenFile: token }\n");
    await write({ keys: [A], sign: "a" });
  });
  afterEach(() => folder.remove());

  it("lists without a word of any secret", async () => {
    await write({
      keys: [A, { ...ECDSA.signing, notAfter: 4_000_000_000 }, { ...ECDSA.verifying, id: "public" }],
      sign: "a",
    });
    const listed = await keys("list");
    expect(listed.code).toBe(0);
    expect(listed.out).toContain("key a  active  hmac-sha256");
    expect(listed.out).toContain("until 2096-10-02T07:06:40Z");
    expect(listed.out).toContain("verifies only");
    expect(listed.out).toContain("info rotation_unfinished");
    expect(JSON.parse((await keys("list", "--json")).out)).toMatchObject({
      stamps: [{ id: "a", state: "active" }, {}, {}],
    });
    for (const secret of [A.secret, String(ECDSA.signing["privateKey"])]) expect(listed.out).not.toContain(secret);
  });

  it("finds what is wrong, with exit code 1", async () => {
    await chmod(at("keys.json"), 0o644);
    expect(await keys("list")).toMatchObject({ code: 1, out: expect.stringContaining("warning file_open: mode 644") });
    await write({ keys: [{ ...A, notAfter: 5 }], sign: "a" });
    expect(await keys("simulate")).toMatchObject({ code: 1, out: expect.stringContaining("signs: nobody") });
  });

  it("names the key of internal tokens", async () => {
    await writeFile(at("countersign.yaml"), "mint: { issuer: i, keyFile: mint.pem }\n");
    await writeFile(at("mint.pem"), pemOf(String(ECDSA.signing["privateKey"])));
    expect((await keys("list")).out).toMatch(
      /^no stampKeys in the settings\ninternal tokens: ES256 {2}[A-Za-z0-9_-]{43}$/,
    );
    await writeFile(at("mint.pem"), "-----BEGIN");
    expect(await keys("list")).toMatchObject({ code: 2, err: expect.stringContaining("mint.keyFile: not a PKCS#8") });
  });

  it("rotates by three runs, each in its time, and keeps the file's mode", async () => {
    const later = async (seconds: number) => {
      const then = Date.now() / 1000 - seconds;
      await utimes(at("keys.json"), then, then);
    };
    const added = await keys("rotate");
    expect([added.code, added.out]).toEqual([0, expect.stringMatching(/^add: \d{8}-[0-9a-f]{6}$/)]);
    const { keys: two } = await read();
    expect([two[0].id, two.length, (await stat(at("keys.json"))).mode & 0o777]).toEqual(["a", 2, 0o600]);
    expect(added.out).not.toContain(two[1].secret);
    expect(await keys("rotate")).toMatchObject({ code: 1, err: expect.stringMatching(/ sign in \d+ s/) });
    await later(91);
    expect(await keys("rotate", "--dry-run")).toMatchObject({ code: 0, out: `would sign: ${two[1].id}` });
    expect((await read()).sign).toBe("a");
    expect((await keys("rotate")).code).toBe(0);
    expect((await read()).sign).toBe(two[1].id);
    await later(91);
    expect(await keys("rotate")).toMatchObject({ code: 1, err: expect.stringMatching(/ remove in \d+ s/) });
    expect(await keys("rotate", "--stamp-lifetime", "1")).toMatchObject({ code: 0, out: "remove: a" });
    expect(await read()).toEqual({ keys: [two[1]], sign: two[1].id });
  });

  it("tells the public half of a new pair, for files that only verify", async () => {
    const added = await keys("rotate", "--algorithm", "ecdsa-p256-sha256", "--json");
    const { keys: names, publicKey } = JSON.parse(added.out);
    const [, key] = (await read()).keys;
    expect(JSON.parse(publicKey)).toEqual({ id: names[0], algorithm: "ecdsa-p256-sha256", publicKey: key.publicKey });
    expect(added.out).not.toContain(key.privateKey);
  });

  it("does not replace a link", async () => {
    await mkdir(at("mounted"));
    await symlink(at("keys.json"), at("mounted/keys.json"));
    await writeFile(at("countersign.yaml"), "stampKeys: { file: mounted/keys.json, tokenFile: token }\n");
    expect(await keys("rotate")).toMatchObject({ code: 2, err: expect.stringContaining("is a link") });
    expect(await read()).toEqual({ keys: [A], sign: "a" });
  });

  it.each<[readonly string[], number, string]>([
    [[], 2, "what to do"],
    [["turn"], 2, "what to do"],
    [["list", "more"], 2, "what to do"],
    [["list", "--nope"], 2, "nope"],
    [["rotate", "--step", "jump"], 2, "--step: one of add, sign, remove"],
    [["rotate", "--settle", "soon"], 2, "--settle: whole seconds"],
    [["rotate", "--algorithm", "none"], 2, "--algorithm: hmac-sha256"],
    [["rotate", "--step", "remove"], 2, "the next step is add"],
  ])("%j", async (args, code, problem) => {
    expect(await keys(...args)).toMatchObject({ code, err: expect.stringContaining(problem) });
    expect(await read()).toEqual({ keys: [A], sign: "a" });
  });

  it("without keys in the settings there is nothing to rotate; a broken file is named by its field", async () => {
    await write({ keys: [{ ...A, secret: "hunter2" }] });
    const broken = await keys("list");
    expect([broken.code, broken.err]).toEqual([2, expect.stringContaining("stampKeys.file: keys[0].secret: must be")]);
    expect(broken.err).not.toContain("hunter2");
    await writeFile(at("countersign.yaml"), "");
    expect(await keys("rotate")).toMatchObject({ code: 2, err: expect.stringContaining("no stampKeys") });
    expect(await keys("list")).toMatchObject({ code: 0, out: expect.stringContaining("no stampKeys") });
  });
});

function pemOf(base64: string): string {
  return `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
}
