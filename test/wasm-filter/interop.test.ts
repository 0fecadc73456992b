/** An independent RFC 9421 library verifies our stamps, and its signatures of the same shape hold at our guard. */
import { createHmac, sign as cryptoSign, verify as cryptoVerify, timingSafeEqual } from "node:crypto";
import { httpbis } from "http-message-signatures";
import { describe, expect, it } from "vitest";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { builtFilter } from "./build-filter.ts";
import { ECDSA, HMAC, KEY_OBJECTS, nativeCrypto, RSA, type TestKey } from "./keys.ts";
import { filterHost, request, SECRET, STAMP, stand, ZONE } from "./stands.ts";

const KEYS: readonly TestKey[] = [HMAC, ECDSA, RSA];
// The library looks at the real clock, and a build takes its time.
builtFilter();
const now = Math.floor(Date.now() / 1000);
const host = await filterHost({ now }, nativeCrypto);
const zone = stand(host, { ...ZONE, stamp: { zones: ["edge"], keys: KEYS.map((key) => key.verifying) } });
const secret = Buffer.from(SECRET, "base64url");

function peer({ algorithm }: TestKey) {
  const keys = algorithm === "rsa-v1_5-sha256" ? KEY_OBJECTS.rsa : KEY_OBJECTS.ecdsa;
  const dsaEncoding = "ieee-p1363" as const;
  const code = (data: Buffer) => createHmac("sha256", secret).update(data).digest();
  return algorithm === "hmac-sha256"
    ? {
        sign: async (data: Buffer) => code(data),
        verify: async (data: Buffer, signature: Buffer) =>
          signature.length === 32 && timingSafeEqual(code(data), signature),
      }
    : {
        sign: async (data: Buffer) => cryptoSign("sha256", data, { key: keys.privateKey, dsaEncoding }),
        verify: async (data: Buffer, signature: Buffer) =>
          cryptoVerify("sha256", data, { key: keys.publicKey, dsaEncoding }, signature),
      };
}

function asMessage(headers: readonly HeaderInput[]) {
  const text = headers.map(([name, value]) => [String(name), String(value)] as const);
  const pseudo = new Map(text);
  return {
    method: pseudo.get(":method") ?? "",
    url: `${pseudo.get(":scheme")}://${pseudo.get(":authority")}${pseudo.get(":path")}`,
    headers: Object.fromEntries(text.filter(([name]) => !name.startsWith(":"))),
  };
}

describe.each(KEYS)("http-message-signatures with $algorithm", (key) => {
  const { algorithm, signing } = key;

  it.each(["/orders?id=1", "/", "/a%20b;c?x=%2F&y"])("verifies our stamp for %s", async (path) => {
    const stamp = stand(host, { ...STAMP, sign: String(signing["id"]), keys: [signing] });
    const message = asMessage(stamp(request(path, ["txn-token", "a.b.c"])).headers);
    const keyLookup = async () => ({ id: String(signing["id"]), algs: [algorithm], verify: peer(key).verify });
    expect(await httpbis.verifyMessage({ keyLookup, requiredFields: ["@path", "txn-token"] }, message)).toBe(true);
    const other = { ...message, url: message.url.replace("Shop", "evil") };
    const verdict = httpbis.verifyMessage({ keyLookup }, other).catch(() => false);
    expect(await verdict).toBe(false);
  });

  it.each(["", "hmac-sha256", "ecdsa-p256-sha256", "none"])(
    "signs what our guard takes, but not as %j",
    async (other) => {
      const named = other === "" ? algorithm : other;
      const headers = { "txn-token": "a.b.c", "x-countersign-zone": "edge" };
      const signed = await httpbis.signMessage(
        {
          name: "countersign",
          key: { id: String(signing["id"]), alg: algorithm, sign: peer(key).sign },
          fields: ["@method", "@authority", "@path", "@query", "txn-token", "x-countersign-zone"],
          params: ["created", "expires", "nonce", "keyid", "alg", "tag"],
          paramValues: {
            created: new Date(now * 1000),
            expires: new Date((now + 20) * 1000),
            nonce: "bm9uY2U=",
            tag: "countersign",
            alg: named,
          },
        },
        { method: "GET", url: "https://shop.example/orders?id=1", headers },
      );
      const lines = Object.entries(signed.headers).map(
        ([name, value]): HeaderInput => [name.toLowerCase(), String(value)],
      );
      // The signature is good: only the name of its algorithm is not the key's.
      expect(zone(request("/orders?id=1", ...lines)).outcome).toBe(named === algorithm ? "" : "stamp_invalid");
      expect(zone(request("/orders?id=2", ...lines)).outcome).toBe("stamp_invalid");
    },
  );
});
