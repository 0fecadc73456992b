/**
 * A new key of stamps. In: an algorithm, the time. Out: a key as the file holds it, named by its day. Effect: the system's chance.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { UsageError } from "./command.ts";
import type { NewKey } from "./stamp-key-rotation.ts";

/** @param now seconds. @throws UsageError for another algorithm than the three. */
export function newStampKey(algorithm: string, now: number): NewKey {
  const day = new Date(now * 1000).toISOString().slice(0, 10).replaceAll("-", "");
  const id = `${day}-${randomBytes(3).toString("hex")}`;
  if (algorithm === "hmac-sha256") {
    return { id, algorithm, material: { secret: randomBytes(32).toString("base64url") } };
  }
  if (algorithm !== "ecdsa-p256-sha256" && algorithm !== "rsa-v1_5-sha256") {
    throw new UsageError("--algorithm: hmac-sha256, ecdsa-p256-sha256 or rsa-v1_5-sha256");
  }
  const { privateKey, publicKey } =
    algorithm === "ecdsa-p256-sha256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 3072 });
  return {
    ...{ id, algorithm },
    material: {
      privateKey: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
      publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    },
  };
}

/** The entry for a file that must not sign; "" for a shared secret, which has none. */
export function publicHalf({ id, algorithm, material }: NewKey): string {
  const publicKey = Object.hasOwn(material, "publicKey") ? material["publicKey"] : undefined;
  return publicKey === undefined ? "" : JSON.stringify({ id, algorithm, publicKey });
}
