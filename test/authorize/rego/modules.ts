/** The checked-in test bundle (`node setup/opa.mjs --bundles` makes it), and tokens for its example policy. */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { readBundle } from "../../../ext-authz/authorize/rego/bundle.ts";
import { compileRego, type RegoRule } from "../../../ext-authz/authorize/rego/engine.ts";
import type { JsonObject } from "../../../ext-authz/model.ts";

export const bundlePath = new URL("bundles/policies.tar.gz", import.meta.url);
export const bundleBytes = new Uint8Array(readFileSync(bundlePath));

const bundle = readBundle(bundleBytes);
if (!bundle.ok) throw new Error(bundle.error);
export const testModule = bundle.value;

export function rule(entrypoint: string): RegoRule {
  const compiled = compileRego(testModule, entrypoint);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value;
}

export const SECRET = "not a secret";

export function jwt(payload: JsonObject, { alg = "HS256", secret = SECRET, header = {} } = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg, ...header })}.${part(payload)}`;
  return `${signed}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(signed)
    .digest("base64url")}`;
}
