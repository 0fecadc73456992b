/**
 * What one HTTP exchange says about the way to an issuer: reachability, TLS, clocks, caching. In: a probe, the settings. Out:
 * findings. Pure.
 */
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { freshSecondsOf } from "../authenticate/cache-lifetime.ts";
import type { Settings } from "../config/settings.ts";
import { type Finding, finding, quote } from "./doctor-finding.ts";
import type { CertificateFacts, Probe, ProbeFailure } from "./doctor-probe.ts";

const DAY = 86_400;
const SOON = 30 * DAY;
/** The Date header has whole seconds, and the answer took its time. */
const SKEW_SECONDS = 5;

/** The codes that node gives to OpenSSL's verification and its own. */
const TLS_ERROR = /^(?:CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_|CRL_|PATH_LENGTH_)/;

export function examineFailure({ kind, reason, chain }: ProbeFailure, now: number): readonly Finding[] {
  if (kind === "address") return [finding("address_refused", reason)];
  const [leaf] = chain;
  if (leaf === undefined || !TLS_ERROR.test(reason)) return [finding("unreachable", reason)];
  if (reason === "CERT_HAS_EXPIRED" || leaf.validTo < now) return [finding("tls_expired", `${reason}; ${say(chain)}`)];
  return [finding("tls_untrusted", `${reason}; ${say(chain)}`)];
}

export function examineAnswer(
  answer: Probe,
  url: URL,
  timeoutMs: number,
  { jwks, clockSkewSeconds }: Settings,
): readonly Finding[] {
  return [
    ...examineTls(answer, url),
    ...examineClock(answer, clockSkewSeconds),
    ...examineStatus(answer),
    ...examineCaching(answer, jwks.minRefreshSeconds),
    ...((answer.answeredAt - answer.startedAt) * 2000 > timeoutMs
      ? [finding("slow", `${Math.round((answer.answeredAt - answer.startedAt) * 1000)} ms of ${timeoutMs}`)]
      : []),
  ];
}

function examineTls({ chain, answeredAt }: Probe, { protocol, hostname }: URL): readonly Finding[] {
  if (protocol === "http:") {
    const isLoopback = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
    return isLoopback ? [] : [finding("tls_missing", `${hostname} is asked without TLS`)];
  }
  const ending = chain.filter(({ validTo }) => validTo - answeredAt < SOON);
  const root = chain.at(-1);
  return [
    ...ending.map((certificate) => finding("tls_expires_soon", sayEnd(certificate, answeredAt))),
    ...(root === undefined || isBuiltIn(root) ? [] : [finding("tls_private_ca", say(chain))]),
  ];
}

function isBuiltIn({ fingerprint }: CertificateFacts): boolean {
  return rootCertificates.some((pem) => new X509Certificate(pem).fingerprint256 === fingerprint);
}

function examineClock({ headers, startedAt, answeredAt }: Probe, leeway: number): readonly Finding[] {
  const date = Date.parse(headers.date ?? "") / 1000;
  // An answer out of a cache was dated when it went in.
  const age = /^\d{1,9}$/.test(headers.age ?? "") ? Number(headers.age) : 0;
  if (Number.isNaN(date)) return [];
  const theirs = date + age;
  const skew = theirs > answeredAt ? theirs - answeredAt : Math.max(0, startedAt - (theirs + 1));
  if (skew <= SKEW_SECONDS) return [];
  const why = `the issuer's clock is ${Math.round(skew)} s ${theirs > answeredAt ? "ahead of" : "behind"} ours`;
  return [finding(skew > leeway ? "clock_skew_beyond_leeway" : "clock_skew", why)];
}

function examineStatus({ status, headers, body }: Probe): readonly Finding[] {
  if (status !== 200) return [finding("http_status", `status ${status}`)];
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") return [finding("answer_unusable", `compressed: ${quote(encoding)}`)];
  return body.ok ? [] : [finding("answer_unusable", body.error)];
}

function examineCaching({ status, headers, body }: Probe, floor: number): readonly Finding[] {
  if (status !== 200 || !body.ok) return [];
  const fresh = freshSecondsOf(headers["cache-control"], headers.age);
  if (fresh === undefined) return [finding("cache_unsaid", "no Cache-Control with max-age")];
  return fresh < floor ? [finding("cache_below_floor", `fresh for ${fresh} s, below ${floor} s`)] : [];
}

function say(chain: readonly CertificateFacts[]): string {
  return chain.map(({ subject, issuer }) => `${quote(subject)} by ${quote(issuer)}`).join(", ");
}

function sayEnd({ subject, validTo }: CertificateFacts, now: number): string {
  return `${quote(subject)} ends in ${Math.floor((validTo - now) / DAY)} days`;
}
