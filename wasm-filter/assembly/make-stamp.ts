/**
 * Makes a stamp. In come the request as it leaves, the key, the times and a nonce; out go the two header members, or
 * nothing when the request cannot be signed. No effects.
 */
import { bytesOf } from "./ascii";
import { encodeBase64 } from "./base64";
import { componentList, signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { coveredComponents, LABEL } from "./stamp-fields";
import { StampKey } from "./stamp-key";

export class Stamp {
  constructor(
    /** `countersign=(…);…` for Signature-Input. */
    public input: string,
    /** `countersign=:…:` for Signature. */
    public signature: string,
  ) {}
}

/** `message` must hold the zone and, unless `token` is "", the token header. Times in seconds. */
export function makeStamp(
  message: SignedMessage,
  token: string,
  key: StampKey,
  created: i64,
  expires: i64,
  nonce: Uint8Array,
): Stamp | null {
  const components = coveredComponents(token);
  const times = `;created=${created};expires=${expires}`;
  const names = `;nonce="${encodeBase64(nonce)}";keyid="${key.id}";alg="${key.algorithm}";tag="${LABEL}"`;
  const parameters = componentList(components) + times + names;
  const base = signatureBase(message, components, bytesOf(parameters));
  if (base === null) return null;
  const signature = key.sign(base);
  return signature === null ? null : new Stamp(`${LABEL}=${parameters}`, `${LABEL}=:${encodeBase64(signature)}:`);
}
