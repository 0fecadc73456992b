/**
 * Decisions that this proxy may repeat. In come requests that were not refused, and answers with the server's grants; a
 * request that equals one that was granted passes without a check, with the same header changes. Effects: host calls, memory
 * of the store. Property: what is repeated is what the server would have answered (docs/grants.md).
 */
import {
  getHeaderBytes,
  getPropertyAt,
  MapType,
  monotonicNow,
  Status,
  setHeaderAt,
  setPropertyAt,
} from "proxy-wasm-sdk-as/assembly";
import { bytesOf, equalBytes } from "./ascii";
import { GrantBook } from "./grant-book";
import { GrantSettings } from "./grant-configuration";
import { DROPPED, GrantMetrics, HIT, KEPT, MISS, REFRESH, REFUSED } from "./grant-metrics";
import { ASKING, applyChanges, HITS, ID_LENGTH, idOf, REFRESH_FROM } from "./grant-record";
import { GrantRequest, readGrantRequest } from "./grant-request";
import { CURRENT, GrantRevision, NEWS } from "./grant-revision";
import { changesAny, GrantText, readGrantText } from "./grant-text";

const ROUTE = bytesOf("xds\0route_name");
const MTLS = bytesOf("connection\0mtls");
const GRANT = bytesOf("metadata\0filter_metadata\0envoy.filters.http.ext_authz\0grant");
/** Filter state that makes the proxy skip the check. */
const STATE = bytesOf("countersign.grant");
const DECISION_ID_HEADER = "x-countersign-decision-id";
const DECISION_ID = bytesOf(DECISION_ID_HEADER);

export class Grants {
  private book: GrantBook;
  private metrics: GrantMetrics;
  private revision: GrantRevision;

  constructor(
    rootId: u32,
    stand: string,
    private settings: GrantSettings,
  ) {
    this.book = new GrantBook(settings.maxBytes);
    this.metrics = new GrantMetrics(stand);
    this.revision = new GrantRevision(rootId, settings.cluster, settings.authority, settings.path);
  }

  tick(): void {
    this.revision.poll(monotonicNow());
  }

  /** The answer to a call of ours. */
  polled(token: u32): void {
    if (this.revision.answered(token, monotonicNow())) this.drop();
  }

  /** The plugin ended. */
  close(): void {
    this.book.close();
  }

  /**
   * The request as grants see it; null = they cannot speak for it. `lines` = the header pairs before any were taken off;
   * `changed` = some were; `wall` in nanoseconds. Nothing happens to it yet.
   */
  enter(lines: ArrayBuffer, changed: bool, wall: u64): GrantRequest | null {
    const now = monotonicNow();
    if (now == 0 || !this.revision.isLive(now)) return null;
    const request = readGrantRequest(lines);
    if (request === null) return null;
    if (this.settings.named) {
      // The host tells the route that was chosen before we took headers off; the one that counts is chosen after.
      if (changed) return null;
      const route = getPropertyAt(ROUTE.dataStart, ROUTE.length);
      if (route === null || route.byteLength == 0) return null;
      request.route = route;
    }
    const mtls = getPropertyAt(MTLS.dataStart, MTLS.length);
    if (mtls === null || mtls.byteLength != 1) return null;
    request.mtls = load<u8>(changetype<usize>(mtls)) != 0;
    request.monotonic = now;
    request.wall = wall;
    request.found = this.book.find(request);
    return request;
  }

  /** A request that was not refused: one that may pass without a check gets its `decision` and the grant's changes. */
  pass(request: GrantRequest): void {
    if (request.found == 0) {
      this.metrics.count(MISS);
      return;
    }
    const record = this.book.at(request.found);
    if (request.monotonic >= load<u64>(record, REFRESH_FROM) && load<u32>(record, ASKING) == 0) {
      store<u32>(record, 1, ASKING);
      request.renews = request.found;
      this.metrics.count(REFRESH);
    } else this.repeat(request, record);
  }

  /** The answer's headers are on their way: of one that was asked for, its grant is kept. */
  leave(request: GrantRequest, streamId: u32): void {
    const decision = request.decision;
    if (decision !== null) {
      const name = DECISION_ID;
      const id = changetype<usize>(decision);
      setHeaderAt(MapType.ResponseHeaders, name.dataStart, name.length, id, decision.byteLength);
      return;
    }
    const bytes = getPropertyAt(GRANT.dataStart, GRANT.length);
    // Renewed or not: what it was to renew has been decided anew.
    this.book.end(request.renews);
    if (bytes !== null && bytes.byteLength > 0) {
      this.metrics.count(this.keep(request, readGrantText(Uint8Array.wrap(bytes)), streamId) ? KEPT : REFUSED);
    }
  }

  private repeat(request: GrantRequest, record: usize): void {
    const idLength = load<u32>(record, ID_LENGTH);
    const decision = new ArrayBuffer(idLength);
    memory.copy(changetype<usize>(decision), idOf(record), idLength);
    // The state first: without it the server is asked, and must see the request as it came.
    const hits = load<u32>(record, HITS) + 1;
    const state = this.book.scratch;
    memory.copy(state, changetype<usize>(decision), idLength);
    store<u8>(state + idLength, 0x20);
    const end = decimal(state + idLength + 1, hits);
    if (setPropertyAt(STATE.dataStart, STATE.length, state, <u32>(end - state)) != Status.Ok) return;
    store<u32>(record, hits, HITS);
    request.decision = decision;
    request.broken = !applyChanges(record);
    this.metrics.count(HIT);
  }

  private keep(request: GrantRequest, text: GrantText | null, streamId: u32): bool {
    if (text === null || !isOfAnswer(text)) return false;
    const epoch = text.bytes.subarray(text.epoch, text.epochEnd);
    const judged = this.revision.judge(epoch, streamId, monotonicNow());
    if (judged == NEWS) this.drop();
    return judged == CURRENT && !changesAny(text, this.settings.routeHeaders) && this.book.keep(request, text);
  }

  private drop(): void {
    // A VM that sees no requests, as the main thread's, has nothing to drop.
    if (!this.book.isOpen) return;
    this.book.dropAll();
    this.metrics.count(DROPPED);
  }
}

/** Ext_authz writes metadata whatever was decided, and before it refuses what it cannot apply; the id only where it let pass. */
function isOfAnswer(text: GrantText): bool {
  const id = getHeaderBytes(MapType.ResponseHeaders, DECISION_ID_HEADER);
  return id !== null && equalBytes(id, text.bytes.subarray(text.id, text.idEnd));
}

/** Digits at `at`; the place behind them. */
function decimal(at: usize, value: u32): usize {
  let end = at + 1;
  for (let rest = value / 10; rest > 0; rest /= 10) end++;
  for (let digit = end; digit > at; value /= 10) store<u8>(--digit, <u8>(0x30 + (value % 10)));
  return end;
}
