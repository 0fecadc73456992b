/**
 * What `doctor` can find, as a closed set: how bad each is and what to do about it. In: an id and what was seen. Out: the
 * finding. Pure.
 */

export type Severity = "error" | "warning" | "info";

interface Kind {
  readonly severity: Severity;
  readonly fix: string;
}

const KINDS = {
  address_refused: {
    severity: "error",
    fix: "name an http(s) URL without credentials; link-local and metadata addresses need jwks.allowPrivateAddresses",
  },
  unreachable: { severity: "error", fix: "check the name, the port, egress rules and whether the issuer is up" },
  slow: { severity: "warning", fix: "raise the rule's timeout, or find out what is slow between here and the issuer" },
  tls_untrusted: {
    severity: "error",
    fix: "trust the issuer's CA with jwks.caFile, or have the issuer send its whole chain",
  },
  tls_expired: { severity: "error", fix: "the issuer has to renew its certificate; check this machine's clock too" },
  tls_expires_soon: { severity: "warning", fix: "have the issuer renew its certificate" },
  tls_private_ca: { severity: "info", fix: "nothing: it is trusted through jwks.caFile" },
  tls_missing: { severity: "warning", fix: "use https: whoever is on the way can exchange the keys" },
  clock_skew: { severity: "warning", fix: "synchronize this machine's clock (NTP), then the issuer's" },
  clock_skew_beyond_leeway: {
    severity: "error",
    fix: "synchronize the clocks: tokens are refused as expired or not yet valid; clockSkewSeconds is the leeway",
  },
  http_status: { severity: "error", fix: "the URL has to answer 200 itself: redirects are not followed" },
  answer_unusable: { severity: "error", fix: "serve the JWK set uncompressed, whole, in UTF-8, below jwks.maxBytes" },
  discovery_refused: {
    severity: "error",
    fix: "the configuration's issuer must equal the rule's, letter by letter, and jwks_uri must stay on https",
  },
  not_a_jwks: { severity: "error", fix: 'serve a JSON object with "keys" (RFC 7517 §5); no member may occur twice' },
  no_usable_key: { severity: "error", fix: "publish at least one signing key that this server can use" },
  key_unusable: { severity: "warning", fix: "tokens that this key signs are refused: publish another, or remove it" },
  key_weak: { severity: "warning", fix: "rotate to RSA of at least 2048 bits with e = 65537, or to ES256" },
  key_private: { severity: "error", fix: "take it down and rotate at once: everybody can sign as the issuer" },
  kid_duplicate: {
    severity: "warning",
    fix: "give each key a kid of its own, or tokens may be tried with the wrong one",
  },
  kid_missing: { severity: "warning", fix: "give each key a kid: rotation is then noticed by the first token" },
  alg_missing: { severity: "info", fix: "name each key's alg: then no other algorithm of its type is tried with it" },
  key_old: { severity: "info", fix: "rotate keys at least yearly" },
  certificate_expired: { severity: "warning", fix: "x5c is not used here, but other readers may refuse the key" },
  certificate_of_another_key: { severity: "warning", fix: "x5c must certify the very key (RFC 7517 §4.7)" },
  cache_unsaid: { severity: "info", fix: "send Cache-Control: max-age; until then jwks.refreshSeconds counts" },
  cache_below_floor: { severity: "info", fix: "nothing: jwks.minRefreshSeconds counts" },
} as const satisfies Readonly<Record<string, Kind>>;

export type FindingId = keyof typeof KINDS;

export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** What was seen. Never key material beyond names, no query of a URL. */
  readonly why: string;
  readonly fix: string;
}

export function finding(id: FindingId, why: string): Finding {
  return { id, ...KINDS[id], why };
}

/** What others wrote, for a terminal: short, quoted, ASCII. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80)).replace(/[^\x20-\x7e]/g, "?");
}
