/** The signing key of this server. In: the path from the settings. Out: the key. Effects: reads the file, or makes a key. */
import { readFile } from "node:fs/promises";
import { generateSigningKey, loadSigningKey, type SigningKey } from "../mint/signing-key.ts";

/**
 * @param keyFile "" = a new key that nobody else has
 * @throws when the file cannot be read or holds no fitting key.
 */
export async function readSigningKey(keyFile: string): Promise<SigningKey> {
  if (keyFile === "") return generateSigningKey();
  const key = await loadSigningKey(await readFile(keyFile, "utf8"));
  if (!key.ok) throw new Error(`mint.keyFile: ${keyFile}: ${key.error}`);
  return key.value;
}
