/**
 * Authorino with the same policy as AuthConfigs. In: the issuer's address, how many. Out: its address. Effects: a file in the
 * folder, one process. It does not look at `iss` and `aud` itself: they are patterns, as its documentation has it.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild } from "../../examples/demo/child.ts";
import { findPeer } from "../../setup/peers.mjs";
import { onCore } from "../load/pin.ts";
import type { CheckServer, PolicyCount } from "./check-server.ts";
import { AUDIENCE, ISSUER } from "./issuer.ts";
import { HEADERS, HOST, METHOD, PREFIX, ROLE } from "./work.ts";

const READY_MS = 60_000;

/** @returns undefined when it is not built */
export async function startAuthorino(
  issuerUrl: string,
  policies: PolicyCount,
  folder: string,
  core: number | undefined,
): Promise<CheckServer | undefined> {
  const peer = await findPeer("authorino");
  if (peer === undefined) return undefined;
  const name = `authorino-${policies}`;
  const config = join(folder, `${name}.json`);
  await writeFile(config, JSON.stringify(authConfigs(issuerUrl, policies)));
  const args = ["-listen", "127.0.0.1:0", "-config", config];
  const child = startChild(name, ...onCore(core, peer.path, args), folder);
  try {
    const port = await child.line(
      (line) => (line.startsWith("listening ") ? Number(line.split(":").at(-1)) : undefined),
      READY_MS,
    );
    return {
      ...{ name: "authorino", version: peer.version, host: "127.0.0.1", port },
      ...{ encodeRawHeaders: false, child },
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Hosts are how it tells services apart. Only the host that is asked for fetches its keys at start. */
function authConfigs(issuerUrl: string, policies: number): readonly object[] {
  return [
    authConfig("orders", HOST, { issuerUrl }, PREFIX, ROLE),
    ...Array.from({ length: policies - 1 }, (_, n) =>
      authConfig(
        `other-${n}`,
        `service-${n}.example.com`,
        { jwksUrl: `${issuerUrl}/jwks` },
        `/service-${n}/`,
        `role-${n}`,
      ),
    ),
  ];
}

function authConfig(name: string, host: string, jwt: object, prefix: string, role: string): object {
  const pattern = (selector: string, operator: string, value: string) => ({ selector, operator, value });
  const patterns = [
    pattern("auth.identity.iss", "eq", ISSUER),
    pattern("auth.identity.aud", "incl", AUDIENCE),
    pattern("auth.identity.role", "eq", role),
    pattern("request.method", "eq", METHOD),
    pattern("request.url_path", "matches", `^${prefix}`),
  ];
  const headers = Object.fromEntries(
    HEADERS.map(([header, claim]) => [header, { plain: { selector: `auth.identity.${claim}` } }]),
  );
  return {
    apiVersion: "authorino.kuadrant.io/v1beta3",
    kind: "AuthConfig",
    metadata: { name, namespace: "shop" },
    spec: {
      hosts: [host],
      authentication: { clients: { jwt } },
      authorization: { buyers: { patternMatching: { patterns } } },
      response: { success: { headers } },
    },
  };
}
