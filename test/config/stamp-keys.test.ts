/** The file of stamp keys: who may have which half of a key, and what is refused by which field, without its value. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readSettings } from "../../ext-authz/config/read-settings.ts";
import { readStampKeys } from "../../ext-authz/config/read-stamp-keys.ts";

const base64 = (bytes: Buffer) => bytes.toString("base64");
const halves = (pair: ReturnType<typeof generateKeyPairSync>) => ({
  privateKey: base64(pair.privateKey.export({ format: "der", type: "pkcs8" })),
  publicKey: base64(pair.publicKey.export({ format: "der", type: "spki" })),
});
const ec = halves(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const other = halves(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const rsa = halves(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const secret = Buffer.alloc(32, 7).toString("base64url");
const hmac = { id: "h", secret };
const EC = { id: "e", algorithm: "ecdsa-p256-sha256" };
const RSA = { id: "r", algorithm: "rsa-v1_5-sha256" };

function views(file: object): { sign: object | undefined; verify: object } {
  const read = readStampKeys(JSON.stringify(file));
  if (!read.ok) throw new Error(read.error.join("; "));
  return read.value;
}

describe("a file of keys", () => {
  it("gives private keys to who signs, and the public ones of the same to who verifies", () => {
    const keys = [
      { ...EC, privateKey: ec.privateKey, notBefore: 5 },
      { ...RSA, ...rsa },
      { ...EC, id: "old", publicKey: other.publicKey },
      { ...hmac, notAfter: 9 },
    ];
    expect(views({ keys, sign: "e" })).toEqual({
      sign: {
        keys: [
          { ...EC, privateKey: ec.privateKey, notBefore: 5 },
          { ...RSA, privateKey: rsa.privateKey },
          { id: "h", algorithm: "hmac-sha256", secret, notAfter: 9 },
        ],
        sign: "e",
      },
      verify: {
        keys: [
          { ...EC, publicKey: ec.publicKey, notBefore: 5 },
          { ...RSA, publicKey: rsa.publicKey },
          { ...EC, id: "old", publicKey: other.publicKey },
          { id: "h", algorithm: "hmac-sha256", secret, notAfter: 9 },
        ],
      },
    });
  });

  it("of public keys alone has nothing that signs", () => {
    expect(views({ keys: [{ ...EC, publicKey: ec.publicKey }] }).sign).toBeUndefined();
  });

  const MISTAKES: readonly (readonly [problem: string, file: unknown])[] = [
    ["must be one JSON object", []],
    ["must be one JSON object", { keys: [[[[[]]]]] }],
    ["file: has an unknown member", { keys: [hmac], key: 1 }],
    ["keys: must be a list of 1 to 64", {}],
    ["keys: must be a list of 1 to 64", { keys: Array.from({ length: 65 }, (_, i) => ({ id: `k${i}`, secret })) }],
    ["keys: must not hold an id twice", { keys: [hmac, hmac] }],
    ["keys[0].id: is missing", { keys: ["k1"] }],
    ["keys[0].id: must be 1 to 64", { keys: [{ id: "a b", secret }] }],
    ["keys[0].id: stands beside an unknown member", { keys: [{ ...hmac, use: "x" }] }],
    ["keys[0].algorithm: must be", { keys: [{ ...hmac, algorithm: "none" }] }],
    ["keys[0].algorithm: is hmac-sha256", { keys: [{ ...hmac, publicKey: ec.publicKey }] }],
    ["keys[0].secret: must be base64url", { keys: [{ id: "h", secret: `${secret}=` }] }],
    ["keys[0].secret: must be base64url", { keys: [{ id: "h", secret: secret.slice(4) }] }],
    ["keys[0].secret: must be base64url", { keys: [{ id: "h" }] }],
    ["keys[0].secret: must not stand", { keys: [{ ...EC, publicKey: ec.publicKey, secret }] }],
    ["keys[1].publicKey: is missing", { keys: [hmac, EC] }],
    ["keys[0].publicKey: must be base64", { keys: [{ ...EC, publicKey: rsa.publicKey }] }],
    ["keys[0].publicKey: must be base64", { keys: [{ ...EC, publicKey: `${ec.publicKey}\n` }] }],
    ["keys[0].publicKey: must be base64", { keys: [{ ...EC, publicKey: ec.privateKey }] }],
    ["keys[0].publicKey: is not of the privateKey", { keys: [{ ...EC, ...ec, publicKey: other.publicKey }] }],
    ["keys[0].privateKey: must be base64", { keys: [{ ...RSA, privateKey: ec.privateKey }] }],
    ["keys[0].notAfter: must not be before", { keys: [{ ...hmac, notBefore: 2, notAfter: 1 }] }],
    ["keys[0].notBefore: must be whole seconds", { keys: [{ ...hmac, notBefore: 1.5 }] }],
    ["sign: must be the id", { keys: [hmac], sign: "x" }],
    ["sign: must be the id", { keys: [{ ...EC, publicKey: ec.publicKey }], sign: "e" }],
  ];
  it.each(MISTAKES)("%s (%#)", (problem, file) => {
    const read = readStampKeys(JSON.stringify(file));
    const text = read.ok ? "" : read.error.join("\n");
    expect(text).toContain(problem);
    for (const value of [secret, ec.privateKey, ec.publicKey]) expect(text).not.toContain(value.slice(4, 30));
  });

  it("is not read with a member twice", () => {
    expect(readStampKeys(`{"keys":[{"id":"h","secret":"${secret}","id":"k"}]}`).ok).toBe(false);
  });
});

describe("stampKeys in countersign.yaml", () => {
  const settings = (text: string) => readSettings({ file: "c.yaml", text, folder: "/etc/c", cores: 1 });

  it("is off unless it is there, and has paths from the folder", () => {
    const [none, some] = [settings(""), settings("stampKeys: { file: k.json, tokenFile: /t }")];
    expect(none.ok && "stampKeys" in none.value).toBe(false);
    expect(some).toMatchObject({
      value: { stampKeys: { file: "/etc/c/k.json", tokenFile: "/t", verifyTokenFile: "", lifetimeSeconds: 86_400 } },
    });
  });

  it.each([
    ["stampKeys: { file: k }", "stampKeys.tokenFile"],
    ["stampKeys: { tokenFile: k }", "stampKeys.file"],
    ["stampKeys: { file: k, tokenFile: '' }", "stampKeys.tokenFile"],
    ["stampKeys: { file: k, tokenFile: t, token: x }", "stampKeys.token"],
    ["stampKeys: { file: k, tokenFile: t, lifetimeSeconds: 299 }", "stampKeys.lifetimeSeconds"],
    ["stampKeys: { file: k, tokenFile: t, lifetimeSeconds: 300.5 }", "stampKeys.lifetimeSeconds"],
  ])("%s", (text, path) => {
    const read = settings(text);
    expect(read.ok ? [] : read.error.map((problem) => problem.path)).toEqual([path]);
  });
});
