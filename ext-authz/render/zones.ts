/**
 * The description made whole: every zone as the makers of Envoy configuration want it. In: the description, what it names,
 * where the parts find each other. Out: zones in the order of the file, or every problem at once. Pure.
 * What follows from something else is not asked for twice: who stamps and who accepts follows from the routes, owned headers
 * from the policies, trusted hops and leeways from the server's settings.
 */
import type { SocketAddress, Zone } from "../../envoy/model.ts";
import type { Path } from "../resources/field-path.ts";
import type { Problem } from "../resources/resource.ts";
import { err, ok, type Result } from "../result.ts";
import { readAddress } from "./address.ts";
import { type Context, type Findings, placed } from "./context.ts";
import type { Description, ZoneText } from "./description.ts";
import type { Facts, ServerFacts } from "./facts.ts";
import { responseRingOf, ringOf } from "./keys.ts";
import { operatorsOf } from "./keys-from.ts";
import { checkEdge } from "./options.ts";
import { own, type Placement } from "./placement.ts";
import type { ReadDescription } from "./read-description.ts";
import { routesOf } from "./routes.ts";
import { acceptedStamps, madeStamps, sendersTo, tokenCheck } from "./stands.ts";

/** What Envoy and Istio tell each other and a stock Envoy hands on from clients: telemetry and retries would believe it. */
const BETWEEN_PROXIES: readonly string[] = ["x-envoy-attempt-count", "x-envoy-peer-metadata*"];
const DEFAULT_FOLDER = "/etc/countersign";
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

export function zonesOf(
  read: ReadDescription,
  facts: Facts,
  placement: Placement,
): Result<readonly Zone[], readonly Problem[]> {
  const { description } = read;
  const problems: Problem[] = [];
  const findings: Findings = { report: (...problem) => problems.push(read.problem(...problem)) };
  const ring = ringOf(read, facts.keyFiles, problems);
  const responseRing = responseRingOf(read, facts.keyFiles, problems, ring);
  checkNames(description, findings);
  if (!placement.mayHoldSecrets) {
    for (const path of [...ring.written, ...responseRing.written]) {
      findings.report(path, "its secret would stand in an object that travels", "secretEnv, privateKeyEnv");
    }
  }
  const zones = Object.entries(description.zones)
    .filter(([name]) => placement.has(name))
    .map(([name, zone]) => zoneOf(name, zone, { description, facts, placement, ring, responseRing, findings }));
  return problems.length > 0 ? err(each(problems)) : ok(zones);
}

/** What two zones have in common is wrong once. */
function each(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** Total even where something is wrong, so that all problems are found; the result counts only when there are none. */
function zoneOf(name: string, zone: ZoneText, context: Context): Zone {
  const { description, facts, findings } = context;
  const path = ["zones", name];
  const admin = addressAt(zone.admin ?? "127.0.0.1:9901", [...path, "admin"], findings);
  if (!LOOPBACK.has(admin.host)) findings.report([...path, "admin"], "must be on loopback", "127.0.0.1:9901");
  const server = facts.servers.get(zone.server);
  if (own(description.servers, zone.server) === undefined) {
    findings.report([...path, "server"], "no such server", `one of: ${Object.keys(description.servers).join(", ")}`);
  }
  checkSettings(zone, server, path, findings);
  checkEdge(name, zone, context);
  const senders = sendersTo(name, description);
  const { routes, upstreams } = routesOf(name, zone, context);
  const accepts = zone.inbound === "zone" ? acceptedStamps(name, zone, senders, context) : undefined;
  const stamps = upstreams.some(({ stamp }) => stamp) ? madeStamps(name, zone, context) : undefined;
  return {
    name,
    inbound: zone.inbound,
    listener: addressAt(zone.listen, [...path, "listen"], findings),
    admin,
    accessLog: zone.accessLog ?? "/dev/stdout",
    filter: description.filter?.file ?? `${description.folder ?? DEFAULT_FOLDER}/countersign.wasm`,
    trustedHops: server?.settings.clientAddress.xffNumTrustedHops ?? 0,
    check: { address: checkAddress(zone, server, context), timeoutSeconds: zone.timeoutSeconds ?? 0.5 },
    ownedHeaders: ownedHeaders(zone, server),
    token: zone.token === undefined ? undefined : tokenCheck(zone.token, server),
    accepts,
    stamps,
    ...(zone.grants !== undefined && { grants: { address: operatorsOf(zone, server, context), ...zone.grants } }),
    routes,
    upstreams,
  };
}

function ownedHeaders(zone: ZoneText, server: ServerFacts | undefined): readonly string[] {
  const between = zone.inbound === "edge" ? BETWEEN_PROXIES : [];
  return [...new Set([...(server?.ownedHeaders ?? []), ...(zone.ownedHeaders ?? []), ...between])];
}

/** The listener normalizes in one way only: a server that was told another decides about another path than it sees. */
function checkSettings(zone: ZoneText, server: ServerFacts | undefined, path: Path, { report }: Findings): void {
  const told = server?.settings.mesh.pathNormalization;
  if (told !== undefined && told !== "MERGE_SLASHES") {
    const message = `the settings of ${zone.server} say pathNormalization: ${told}, but this listener merges slashes`;
    report([...path, "server"], message, "pathNormalization: MERGE_SLASHES");
  }
}

/** Where the proxies call, against where the server's own settings let it listen. */
function checkAddress(zone: ZoneText, server: ServerFacts | undefined, context: Context): SocketAddress {
  const { findings, placement } = context;
  const host = placed(placement.server(zone.server), findings) ?? "";
  const { grpc = "127.0.0.1:9191", tls } = server?.settings.listen ?? {};
  const path = ["servers", zone.server, "settings"];
  const listens = readAddress(grpc);
  if (grpc.startsWith("unix:") || listens === undefined) {
    findings.report(path, "listens on a socket of one machine", "listen: { grpc: 0.0.0.0:9191 }");
  } else if (server !== undefined && LOOPBACK.has(listens.host) && !LOOPBACK.has(host)) {
    const message = `listens on ${listens.host}, where proxies that call ${host} do not reach it`;
    findings.report(path, message, "listen: { grpc: 0.0.0.0:9191 }, or the server's host: 127.0.0.1");
  }
  if (tls !== undefined) {
    findings.report(
      path,
      "listens with TLS of its own, which is not rendered",
      "leave TLS to the mesh, or do it by hand",
    );
  }
  return { host, port: listens?.port ?? 9191 };
}

function checkNames({ zones, services = {} }: Description, { report }: Findings): void {
  for (const name of Object.keys(services)) {
    if (Object.hasOwn(zones, name)) report(["services", name], "is the name of a zone too");
  }
}

function addressAt(text: string, path: Path, { report }: Findings): SocketAddress {
  const address = readAddress(text);
  if (address === undefined) report(path, "has no port", "0 to 65535");
  return address ?? { host: "", port: 0 };
}
