/** Public-key stamps in the Node host: each algorithm holds under its own key alone, and broken keys are told at start. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PluginRefused } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { ECDSA, HMAC, nativeCrypto, RSA, WRONG_CURVE } from "./keys.ts";
import {
  filterHost,
  type Json,
  type JsonFields,
  NOW,
  replaced,
  request,
  SECRET,
  STAMP,
  stand,
  ZONE,
} from "./stands.ts";

const KEYS = [HMAC, ECDSA, RSA];
const all = { zones: ["edge"], keys: KEYS.map((key) => key.verifying) };
const clock = { now: NOW };
const host = await filterHost(clock, nativeCrypto);
const zone = stand(host, { ...ZONE, stamp: all });
const stampWith = (key: JsonFields) => stand(host, { ...STAMP, sign: String(key["id"]), keys: [key] });
const line = (headers: readonly (readonly [unknown, unknown])[], name: string) =>
  String(headers.find(([header]) => header === name)?.[1]);

describe.each(KEYS)("$algorithm", ({ algorithm, signing }) => {
  const { headers } = stampWith(signing)(request("/a?b", ["txn-token", "t"]));

  it("is named, and holds", () => {
    expect(line(headers, "signature-input")).toContain(`;alg="${algorithm}";`);
    expect(zone(headers).outcome).toBe("");
  });

  it("does not hold for another path, nor with any bit of the signature changed", () => {
    expect(zone(replaced(headers, ":path", "/b")).outcome).toBe("stamp_invalid");
    const bytes = Buffer.from(line(headers, "signature").slice("countersign=:".length, -1), "base64");
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const signature = `countersign=:${changed.toString("base64")}:`;
        expect(zone(replaced(headers, "signature", signature)).outcome).toBe("stamp_invalid");
      }),
      { numRuns: 60 },
    );
  });

  it.each([0, 1, 32, 63, 65, 255, 257, 513])("does not hold with %i bytes as signature", (length) => {
    const signature = `countersign=:${Buffer.alloc(length, 1).toString("base64")}:`;
    expect(zone(replaced(headers, "signature", signature)).outcome).toBe("stamp_invalid");
  });

  it.each(KEYS.filter((other) => other.algorithm !== algorithm))("is not taken for $algorithm", (other) => {
    const input = line(headers, "signature-input");
    const renamed = input.replace(algorithm, other.algorithm);
    const rekeyed = input.replace(`keyid="${signing["id"]}"`, `keyid="${other.signing["id"]}"`);
    for (const wrong of [renamed, rekeyed, renamed.replace(/keyid="[^"]*"/, `keyid="${other.signing["id"]}"`)]) {
      expect(zone(replaced(headers, "signature-input", wrong)).outcome).toBe("stamp_invalid");
    }
  });
});

describe("an inner zone with public keys alone", () => {
  it("takes no code that was made with the public key as a secret", async () => {
    const publicBytes = Buffer.from(String(ECDSA.verifying["publicKey"]), "base64");
    const forged = { id: "ec1", secret: publicBytes.toString("base64url") };
    expect(zone(stampWith(forged)(request()).headers).outcome).toBe("stamp_invalid");
  });

  it("cannot start a stamp", () => {
    expect(() => stampWith(ECDSA.verifying)).toThrow(PluginRefused);
  });

  it("refuses all when the host has no crypto any more", async () => {
    let there = true;
    const broken = await filterHost(clock, {
      ...nativeCrypto,
      verify_signature: (args) => (there ? nativeCrypto.verify_signature(args) : 12),
      sign: (args) => (there ? nativeCrypto.sign(args) : 12),
    });
    const guard = stand(broken, { ...ZONE, stamp: all });
    const stamp = stand(broken, { ...STAMP, sign: "ec1", keys: [ECDSA.signing] });
    const { headers } = stamp(request());
    expect(guard(headers).outcome).toBe("");
    there = false;
    expect(guard(headers).outcome).toBe("stamp_invalid");
    expect(stamp(request()).localReply?.status).toBe(503);
  });

  it("never traps on what the host's crypto answers", async () => {
    let reply: Uint8Array = new Uint8Array();
    let lies = false;
    const lying = await filterHost(clock, {
      ...nativeCrypto,
      verify_signature: (args) => (lies ? reply : nativeCrypto.verify_signature(args)),
      sign: (args) => (lies ? reply : nativeCrypto.sign(args)),
    });
    const guard = stand(lying, { ...ZONE, stamp: all });
    const stamp = stand(lying, { ...STAMP, sign: "ec1", keys: [ECDSA.signing] });
    const { headers } = stamp(request());
    lies = true;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => {
        reply = bytes;
        expect(["stop", "continue"]).toContain(stamp(request()).action);
        // Only the flag itself says yes.
        if (bytes[0] !== 8) expect(guard(headers).outcome).toBe("stamp_invalid");
      }),
      { numRuns: 500 },
    );
  });
});

const verifying = (key: JsonFields): Json => ({ ...ZONE, stamp: { zones: ["edge"], keys: [key] } });
const signing = (key: JsonFields): Json => ({ ...STAMP, sign: "k1", keys: [key] });
const { publicKey } = ECDSA.verifying;
const { privateKey } = ECDSA.signing;
const ec = { id: "k1", algorithm: "ecdsa-p256-sha256" };
const rsa = { id: "k1", algorithm: "rsa-v1_5-sha256" };
const cut = (text: Json | undefined) => Buffer.from(String(text), "base64").subarray(0, -3).toString("base64");

describe("a key that will not do is told at start", () => {
  const MISTAKES: readonly (readonly [field: string, configuration: Json])[] = [
    ["stamp.keys[0].algorithm: must be hmac", verifying({ id: "k1", algorithm: "rsa-pss-sha512", secret: SECRET })],
    ["stamp.keys[0].algorithm: must be a string", verifying({ id: "k1", algorithm: 1, secret: SECRET })],
    ["stamp.keys[0].publicKey: is missing", verifying(ec)],
    ["stamp.keys[0].publicKey: must be base64", verifying({ ...ec, publicKey: "" })],
    ["stamp.keys[0].publicKey: must be base64", verifying({ ...ec, publicKey: `${publicKey}=` })],
    ["stamp.keys[0].publicKey: must be base64", verifying({ ...ec, publicKey: cut(publicKey) })],
    ["stamp.keys[0].publicKey: must be base64", verifying({ ...ec, publicKey: WRONG_CURVE })],
    ["stamp.keys[0].publicKey: must be base64", verifying({ ...ec, publicKey: RSA.verifying["publicKey"] ?? "" })],
    ["stamp.keys[0].publicKey: must be base64", verifying({ ...rsa, publicKey: publicKey ?? "" })],
    [
      "stamp.keys[0].privateKey: must not be here",
      verifying({ ...ec, publicKey: publicKey ?? "", privateKey: privateKey ?? "" }),
    ],
    ["stamp.keys[0].secret: is not known", verifying({ ...ec, publicKey: publicKey ?? "", secret: SECRET })],
    ["stamp.keys[0].publicKey: is not known", verifying({ id: "k1", secret: SECRET, publicKey: publicKey ?? "" })],
    ["stamp.keys[0].secretEnv: must name a variable", verifying({ id: "k1", secretEnv: "NOT_SET" })],
    ["stamp.keys[0].secretEnv: must be a string", verifying({ id: "k1", secretEnv: 1 })],
    ["stamp.keys[0].secret: must not stand beside", verifying({ id: "k1", secret: SECRET, secretEnv: "X" })],
    ["keys[0].privateKey: is missing", signing(ec)],
    ["keys[0].privateKey: must be base64", signing({ ...ec, privateKey: "AAAA" })],
    ["keys[0].privateKey: must be base64", signing({ ...ec, privateKey: cut(privateKey) })],
    ["keys[0].privateKey: must be base64", signing({ ...ec, privateKey: RSA.signing["privateKey"] ?? "" })],
    ["keys[0].privateKey: must be base64", signing({ ...rsa, privateKey: privateKey ?? "" })],
  ];

  it.each(MISTAKES)("%s (%#)", async (field, configuration) => {
    const fresh = await filterHost(clock, nativeCrypto);
    const rootId = `countersign.${field.startsWith("stamp") ? "guard" : "stamp"}`;
    expect(() => fresh.startPlugin({ rootId, configuration: JSON.stringify(configuration) })).toThrow(PluginRefused);
    const logs = fresh.logs.map(({ text }) => text).join("\n");
    expect(logs).toContain(`configuration refused: ${field}`);
    expect(logs).not.toContain(SECRET.slice(0, 20));
    expect(logs).not.toContain(String(privateKey).slice(60, 90));
  });
});
