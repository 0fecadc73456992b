/**
 * Where a zone's stands fetch their keys. In: the zone, its server as it is. Out: the source for stands that sign and for those
 * that verify, or neither; problems where the server would not answer. Pure.
 */
import type { KeysFrom, SocketAddress } from "../../envoy/model.ts";
import { readAddress } from "./address.ts";
import { type Context, placed } from "./context.ts";
import type { ZoneText } from "./description.ts";
import type { ServerFacts } from "./facts.ts";

/** A member for each, to be spread. */
export interface KeySources {
  readonly signing: { readonly keysFrom?: KeysFrom };
  readonly verifying: { readonly keysFrom?: KeysFrom };
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

export function keySources(name: string, zone: ZoneText, context: Context): KeySources {
  const { keysFrom } = zone;
  if (keysFrom === undefined) return { signing: {}, verifying: {} };
  const { facts, findings, placement } = context;
  const path = ["zones", name, "keysFrom"];
  const server = facts.servers.get(zone.server);
  if (server !== undefined && server.settings.stampKeys === undefined) {
    findings.report(path, `the settings of ${zone.server} serve no keys`, "stampKeys: { file: …, tokenFile: … }");
  }
  if (!placement.hasKeysCluster)
    findings.report(path, "these proxies have no cluster that leads to the server", "keys: […]");
  const address = operatorsOf(zone, server, context);
  const listens = readAddress(server?.settings.listen.http ?? "");
  if (listens !== undefined && LOOPBACK.has(listens.host) && !LOOPBACK.has(address.host)) {
    const message = `listens on ${listens.host}, where proxies that ask ${address.host} for keys do not reach it`;
    findings.report(["servers", zone.server, "settings"], message, "listen: { http: 0.0.0.0:9192 }");
  }
  const { tokenEnv, verifyTokenEnv = tokenEnv, pollMilliseconds } = keysFrom;
  const source = (token: string): KeysFrom => ({
    ...{ address, tokenEnv: token },
    ...(pollMilliseconds !== undefined && { pollMilliseconds }),
  });
  return { signing: { keysFrom: source(tokenEnv) }, verifying: { keysFrom: source(verifyTokenEnv) } };
}

/** The server's HTTP side: it tells keys, and whether repeated decisions still hold. */
export function operatorsOf(
  zone: ZoneText,
  server: ServerFacts | undefined,
  { findings, placement }: Context,
): SocketAddress {
  const host = placed(placement.server(zone.server), findings) ?? "";
  const listens = readAddress(server?.settings.listen.http ?? "");
  return { host, port: listens?.port ?? 9192 };
}
