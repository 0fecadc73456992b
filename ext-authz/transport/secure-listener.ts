/**
 * A TLS listener for HTTP/2 connections. In: an address, our TLS, where connections go. Out: the bound port, a way to stop.
 * Effects: a listening socket. A client that proves nothing, or is none of the allowed, is cut before a byte is read.
 */
import { createServer, type TLSSocket } from "node:tls";
import type { ServerTls } from "./tls.ts";

export interface SecureListener {
  readonly port: number;
  /** No new connections; those that are open stay. */
  stop(): void;
}

const HANDSHAKE_MS = 5_000;
const MAX_CONNECTIONS = 10_000;

/** @throws when the address cannot be bound. */
export async function listenSecurely(
  { host, port }: { readonly host: string; readonly port: number },
  tls: ServerTls,
  connected: (socket: TLSSocket) => void,
): Promise<SecureListener> {
  const server = createServer(
    {
      ...tls.options(),
      ALPNProtocols: ["h2"],
      requestCert: tls.mutual,
      rejectUnauthorized: tls.mutual,
      handshakeTimeout: HANDSHAKE_MS,
    },
    (socket) => {
      if (socket.alpnProtocol !== "h2" || (tls.mutual && !tls.allows(socket.getPeerCertificate()))) socket.destroy();
      else connected(socket);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  // Refused handshakes are the clients' affair; an unheard error event would end the process.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const endRenewals = tls.onRenewal((options) => server.setSecureContext(options));
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    stop() {
      endRenewals();
      server.close();
    },
  };
}
