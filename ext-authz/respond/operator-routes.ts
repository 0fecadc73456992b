/**
 * What the HTTP side answers (DESIGN §5). Nothing in here holds a token, a key that is not public, or a header value.
 */
import type { FeedState } from "../authenticate/credentials/revocation-feed.ts";
import type { KeyState } from "../observe/key-gauges.ts";
import type { HttpAnswer, Routes } from "../transport/http-server.ts";

export interface OperatorSide {
  readonly readiness: () => Readiness;
  /** What grants depend on, by one name; undefined = none may live. */
  readonly epoch?: () => string | undefined;
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** A recent decision with its explanation, redacted. */
  readonly findDecision: (id: string) => object | undefined;
  /** Public keys of the internal tokens (RFC 7517). */
  readonly jwks: () => object;
  /** The compiled filter. */
  readonly filter: () => Promise<Uint8Array>;
}

/** Read by guards (docs/grants.md). */
export const EPOCH_HEADER = "x-countersign-epoch";

export interface Readiness {
  readonly snapshot: { readonly revision: string } | undefined;
  /** The newest reload was broken: what is in force is older than what is on disk. */
  readonly refused: boolean;
  /** Every issuer's keys were in at once before. */
  readonly prefetched?: boolean;
  readonly keys: readonly (Pick<KeyState, "keys"> & { readonly uri: string; readonly lastError: string })[];
  /** Lists of revoked tokens. One that was never read fails the requests that need it. */
  readonly revocations?: readonly FeedState[];
}

export function operatorRoutes(side: OperatorSide): Routes {
  return {
    "/healthz": () => text(200, "ok\n"),
    "/readyz": () => readyz(side.readiness()),
    "/metrics": async () => ({ status: 200, contentType: side.metrics.contentType, body: await side.metrics.text() }),
    "/.well-known/jwks.json": () => ({
      ...json(200, side.jwks()),
      headers: { "cache-control": "public, max-age=300" },
    }),
    "/v1/revision": () => revision(side.readiness(), side.epoch?.()),
    "/v1/decisions/": (id) => {
      const record = side.findDecision(id);
      return record === undefined ? json(404, { error: "no such decision, or too long ago" }) : json(200, record);
    },
    "/wasm/countersign.wasm": () =>
      side.filter().then((body) => ({ status: 200, contentType: "application/wasm", body }), noFilter),
  };
}

/**
 * 200 from when policies, the keys of every issuer and every list of revoked tokens are in. A refused reload is shown but does not end readiness, nor does
 * an issuer that fails later: it would take the other issuers' clients down with it.
 */
function readyz({ snapshot, refused, prefetched, keys, revocations = [] }: Readiness): HttpAnswer {
  const complete = keys.every((source) => source.keys > 0);
  const listed = revocations.every((list) => list.ageSeconds !== undefined);
  const ready = snapshot !== undefined && listed && (complete || prefetched === true);
  return json(ready ? 200 : 503, {
    ready,
    revision: snapshot?.revision ?? null,
    reload: refused ? "refused" : "applied",
    issuers: complete ? "complete" : "incomplete",
    keys,
    revocations,
  });
}

function revision({ snapshot }: Readiness, epoch: string | undefined): HttpAnswer {
  if (snapshot === undefined) return json(503, { revision: null });
  const { revision } = snapshot;
  return epoch === undefined
    ? json(200, { revision })
    : { ...json(200, { revision, epoch }), headers: { [EPOCH_HEADER]: epoch } };
}

function noFilter(): HttpAnswer {
  return text(404, "the filter is not built: npm run build:filter\n");
}

function json(status: number, body: object): HttpAnswer {
  return { status, contentType: "application/json", body: `${JSON.stringify(body)}\n` };
}

function text(status: number, body: string): HttpAnswer {
  return { status, contentType: "text/plain", body };
}
