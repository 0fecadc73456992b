/**
 * opa-envoy-plugin with the same policy in Rego. In: its binary, the issuer's keys, how many rules. Out: its address. Effects:
 * files in the folder, one process. It verifies each token anew: its Check has no cache for that.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild } from "../../examples/demo/child.ts";
import { findPeer } from "../../setup/peers.mjs";
import { onCore } from "../load/pin.ts";
import { answering } from "./answering.ts";
import type { CheckServer, PolicyCount } from "./check-server.ts";
import { freePort } from "./free-port.ts";
import { AUDIENCE, ISSUER } from "./issuer.ts";
import { HEADERS, METHOD, PREFIX, ROLE } from "./work.ts";

/** @returns undefined when it is not built */
export async function startOpa(
  jwks: string,
  policies: PolicyCount,
  folder: string,
  core: number | undefined,
): Promise<CheckServer | undefined> {
  const peer = await findPeer("opa-envoy-plugin");
  if (peer === undefined) return undefined;
  const [grpc, http, diagnostic] = [await freePort(), await freePort(), await freePort()];
  const name = `opa-${policies}`;
  const [policy, config] = [join(folder, `${name}.rego`), join(folder, `${name}.json`)];
  const plugin = { addr: `127.0.0.1:${grpc}`, path: "envoy/authz/allow", "skip-request-body-parse": true };
  await writeFile(policy, rego(jwks, policies));
  await writeFile(config, JSON.stringify({ plugins: { envoy_ext_authz_grpc: plugin } }));
  const addresses = ["--addr", `127.0.0.1:${http}`, "--diagnostic-addr", `127.0.0.1:${diagnostic}`];
  const args = ["run", "--server", ...addresses, "--skip-version-check", "--log-level", "error", "-c", config, policy];
  const child = startChild(name, ...onCore(core, peer.path, args), folder);
  await answering(child, "127.0.0.1", grpc);
  return {
    ...{ name: "opa-envoy-plugin", version: peer.version, host: "127.0.0.1", port: grpc },
    ...{ encodeRawHeaders: false, child },
  };
}

function rego(jwks: string, policies: number): string {
  const headers = HEADERS.map(([header, claim]) => `${JSON.stringify(header)}: claims[${JSON.stringify(claim)}]`).join(
    ", ",
  );
  const rule = (prefix: string, role: string): string => `
allowed if {
	http.method == ${JSON.stringify(METHOD)}
	startswith(http.path, ${JSON.stringify(prefix)})
	claims.role == ${JSON.stringify(role)}
}
`;
  const others = Array.from({ length: policies - 1 }, (_, n) => rule(`/service-${n}/`, `role-${n}`)).join("");
  const constraints = { cert: jwks, iss: ISSUER, aud: AUDIENCE };
  return `package envoy.authz

http := input.attributes.request.http

default allow := {"allowed": false}

allow := {"allowed": true, "headers": {${headers}}} if allowed
${rule(PREFIX, ROLE)}${others}
claims := payload if {
	[scheme, token] := split(http.headers.authorization, " ")
	scheme == "Bearer"
	[valid, _, payload] := io.jwt.decode_verify(token, ${JSON.stringify(constraints)})
	valid
}
`;
}
