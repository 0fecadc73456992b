/**
 * TLS on both listeners over real sockets. In: who connects with what. Out: who is served, and what a renewal changes. No
 * process, no wait: the files are a table in memory.
 */
import { request } from "node:https";
import { connect } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it, test } from "vitest";
import type { TlsSettings } from "../../ext-authz/config/settings.ts";
import { failed } from "../../ext-authz/decision.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { answerFrom, startHttpServer } from "../../ext-authz/transport/http-server.ts";
import { openTls } from "../../ext-authz/transport/tls.ts";
import { check, openClient } from "../process/steady-load.ts";
import { CA, first, gateway, other, type Pair, second, stranger } from "./certificates.ts";

const GATEWAY = "URI:spiffe://cluster.local/ns/edge/sa/gateway";
const mutual: TlsSettings = { certFile: "cert", keyFile: "key", clientCaFile: "ca", allowedSans: [GATEWAY] };
const files = new Map<string, string>();
const readFile = async (path: string): Promise<string> => {
  const text = files.get(path);
  if (text === undefined) throw new Error(`ENOENT ${path}`);
  return text;
};
const put = ({ cert, key }: Pair, ca = CA): void => {
  files.set("cert", cert).set("key", key).set("ca", ca);
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function opened(settings: TlsSettings = mutual) {
  put(first);
  return openTls(settings, readFile);
}

async function grpcServer(settings: TlsSettings = mutual) {
  const tls = await opened(settings);
  const server: GrpcServer = await startGrpcServer("127.0.0.1:0", {
    check: async () => failed({ id: "d", revision: "r" }, "not_ready"),
    ...{ maxChecks: 10, newId: () => "d", revision: () => "r", observe: () => {}, clock: () => 0, tls },
  });
  ends.push(() => server.stop(100));
  return { server, tls };
}

async function asks(server: GrpcServer, credentials: grpc.ChannelCredentials): Promise<string> {
  const client = openClient({ address: server.address, credentials });
  ends.push(() => client.close());
  return check(client, "/", 3_000).then(
    ({ reason }) => reason,
    ({ code }: grpc.ServiceError) => `gRPC ${code}`,
  );
}

const withPair = (pair?: Pair): grpc.ChannelCredentials =>
  pair === undefined
    ? grpc.credentials.createSsl(Buffer.from(CA))
    : grpc.credentials.createSsl(Buffer.from(CA), Buffer.from(pair.key), Buffer.from(pair.cert));

describe("who may ask over gRPC", () => {
  const anyClient = { ...mutual, clientCaFile: "", allowedSans: [] };
  const rows: readonly [string, TlsSettings, grpc.ChannelCredentials, string][] = [
    ["the gateway", mutual, withPair(gateway), "not_ready"],
    ["another namespace", mutual, withPair(other), "gRPC 14"],
    ["another namespace where all names are fine", { ...mutual, allowedSans: [] }, withPair(other), "not_ready"],
    ["the gateway's name from another authority", mutual, withPair(stranger), "gRPC 14"],
    ["no certificate", mutual, withPair(), "gRPC 14"],
    ["no certificate where none is asked for", anyClient, withPair(), "not_ready"],
    ["no TLS", mutual, grpc.credentials.createInsecure(), "gRPC 14"],
  ];
  test.each(rows)("%s", async (_, settings, credentials, outcome) => {
    const { server } = await grpcServer(settings);
    expect(await asks(server, credentials)).toBe(outcome);
  });
});

describe("who may ask over HTTP", () => {
  test.each([
    ["the gateway", gateway, "/metrics", 200],
    ["another namespace", other, "/metrics", 403],
    ["another authority", stranger, "/metrics", 403],
    ["no certificate", undefined, "/metrics", 403],
    ["no certificate, a probe", undefined, "/healthz", 200],
    ["no certificate, a probe with a query", undefined, "/readyz?x", 200],
    ["no certificate, not quite a probe", undefined, "/healthz/", 403],
  ])("%s: %s", async (_, pair, path, status) => {
    const ok = () => ({ status: 200, contentType: "text/plain", body: "ok" });
    const routes = { "/metrics": ok, "/healthz": ok, "/readyz": ok };
    const server = await startHttpServer("127.0.0.1:0", answerFrom(routes), () => {}, await opened());
    ends.push(() => server.stop());
    expect(await get(server.address, path, pair)).toBe(status);
  });
});

function get(address: string, path: string, pair: Pair | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`https://${address}${path}`, { ca: CA, ...pair, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject);
    asked.end();
  });
}

function serialAt(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = Number(address.split(":")[1]);
    const options = { port, host: "127.0.0.1", servername: "localhost", ca: CA, ...gateway, ALPNProtocols: ["h2"] };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("a renewal", () => {
  it("is seen by new connections, and those that are open stay", async () => {
    const { server, tls } = await grpcServer();
    const client = openClient({ address: server.address, credentials: withPair(gateway) });
    ends.push(() => client.close());
    await check(client, "/");
    const before = await serialAt(server.address);
    put(second);
    await tls.renew();
    expect(await serialAt(server.address)).not.toBe(before);
    expect((await check(client, "/")).reason).toBe("not_ready");
  });

  const broken: readonly [string, () => unknown][] = [
    ["the key of another certificate", () => files.set("cert", second.cert)],
    ["half a certificate", () => files.set("cert", second.cert.slice(0, 200))],
    ["an empty key", () => files.set("key", "")],
    ["an empty bundle of authorities", () => files.set("ca", "")],
    ["a file that is gone", () => files.delete("cert")],
  ];
  test.each(broken)("%s changes nothing and is said", async (_, happens) => {
    const { server, tls } = await grpcServer();
    const before = await serialAt(server.address);
    happens();
    await expect(tls.renew()).rejects.toThrow();
    expect(await serialAt(server.address)).toBe(before);
    expect(await asks(server, withPair(stranger))).toBe("gRPC 14");
  });

  test.each(broken)("%s at the start is no start", async (_, happens) => {
    put(first);
    happens();
    await expect(openTls(mutual, readFile)).rejects.toThrow();
  });

  it("of the authorities counts for the next connection", async () => {
    const { server, tls } = await grpcServer();
    expect(await asks(server, withPair(gateway))).toBe("not_ready");
    put(first, first.cert);
    await tls.renew();
    expect(await asks(server, withPair(gateway))).toBe("gRPC 14");
  });
});

describe("names in a certificate", () => {
  test.each([
    ["the name", GATEWAY, true],
    ["among others", `DNS:x, ${GATEWAY}`, true],
    ["a longer one", `${GATEWAY}2`, false],
    ["a name that holds another, as Node quotes it", `DNS:"x, ${GATEWAY}"`, false],
    ["none", undefined, false],
  ])("%s", async (_, subjectaltname, allowed) => {
    const tls = await opened();
    expect(tls.allows({ ...(subjectaltname !== undefined && { subjectaltname }) })).toBe(allowed);
  });
});
