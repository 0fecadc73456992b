/**
 * Asks one URL as the server would and keeps what a diagnosis needs. In: URL, bounds. Out: status, headers, text, times, the
 * certificates; or why there is no answer. Effects: DNS and a connection through the server's own guard; after a TLS failure
 * a second handshake, which sends no request, to see the chain.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type PeerCertificate, TLSSocket } from "node:tls";
import { type ConnectionBounds, hostOf, lookupOf, readTarget, rootsOf } from "../authenticate/guarded-connection.ts";
import { describe, readBounded } from "../authenticate/jwks-fetch.ts";
import { err, ok, type Result } from "../result.ts";

export interface ProbeBounds extends ConnectionBounds {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** Seconds since the epoch. */
  readonly validTo: number;
  readonly fingerprint: string;
}

export interface Probe {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Result<string, string>;
  /** Seconds. */
  readonly startedAt: number;
  readonly answeredAt: number;
  /** Leaf first; empty without TLS. */
  readonly chain: readonly CertificateFacts[];
}

export interface ProbeFailure {
  readonly kind: "address" | "network";
  readonly reason: string;
  readonly chain: readonly CertificateFacts[];
}

export async function probe(url: string, bounds: ProbeBounds): Promise<Result<Probe, ProbeFailure>> {
  const target = readTarget(url, bounds.allowPrivateAddresses);
  if (!target.ok) return err({ kind: "address", reason: target.error, chain: [] });
  const signal = AbortSignal.timeout(bounds.timeoutMs);
  const answer = await exchange(target.value, bounds, signal);
  if (answer.ok) return answer;
  const reason = signal.aborted ? `no answer within ${bounds.timeoutMs} ms` : answer.error;
  const chain = target.value.protocol === "https:" && !signal.aborted ? await seeChain(target.value, bounds) : [];
  return err({ kind: reason === "link-local or metadata address" ? "address" : "network", reason, chain });
}

function exchange(url: URL, bounds: ProbeBounds, signal: AbortSignal): Promise<Result<Probe, string>> {
  const startedAt = bounds.now();
  return new Promise((resolve) => {
    const outgoing = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
      agent: false,
      ...lookupOf(bounds),
      ...rootsOf(bounds),
      headers: { accept: "application/json", "accept-encoding": "identity" },
      signal,
    });
    outgoing.on("error", (cause) => resolve(err(describe(cause))));
    outgoing.on("response", (response) => {
      const answeredAt = bounds.now();
      const chain = response.socket instanceof TLSSocket ? chainOf(response.socket) : [];
      void readBounded(response, bounds.maxBytes).then((body) => {
        const { statusCode: status = 0, headers } = response;
        resolve(ok({ status, headers, body: body.ok ? decode(body.value) : body, startedAt, answeredAt, chain }));
        outgoing.destroy();
      });
    });
    outgoing.end();
  });
}

/** Nothing is trusted here and nothing is sent: the chain is only shown. */
function seeChain(url: URL, bounds: ProbeBounds): Promise<readonly CertificateFacts[]> {
  const host = hostOf(url);
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: url.port === "" ? 443 : Number(url.port),
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      ...lookupOf(bounds),
      rejectUnauthorized: false,
      timeout: bounds.timeoutMs,
    });
    const end = (chain: readonly CertificateFacts[]): void => {
      resolve(chain);
      socket.destroy();
    };
    socket.on("secureConnect", () => end(chainOf(socket)));
    socket.on("error", () => end([]));
    socket.on("timeout", () => end([]));
  });
}

const MAX_CHAIN = 10;

function chainOf(socket: TLSSocket): readonly CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  let next: (PeerCertificate & { readonly issuerCertificate?: PeerCertificate }) | undefined =
    socket.getPeerCertificate(true);
  while (next?.fingerprint256 !== undefined && chain.length < MAX_CHAIN) {
    const { subject, issuer, valid_to, fingerprint256: fingerprint } = next;
    if (chain.some((known) => known.fingerprint === fingerprint)) break;
    const validTo = Date.parse(valid_to) / 1000;
    chain.push({ subject: nameOf(subject), issuer: nameOf(issuer), validTo, fingerprint });
    next = next.issuerCertificate;
  }
  return chain;
}

function nameOf(name: PeerCertificate["subject"] | undefined): string {
  return String(name?.CN ?? name?.O ?? "");
}

function decode(bytes: Uint8Array): Result<string, string> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return err("not UTF-8");
  }
}
