/**
 * The stamp: last filter before the wire, best in the upstream chain, where rewrites are done. In comes the head as it
 * leaves, out goes the same with zone and signature, or a local reply: nothing leaves unsigned. Effects: host calls.
 */
import {
  DataStatus,
  getProperty,
  HeadersStatus,
  HttpContext,
  MapType,
  now,
  RootContext,
  TrailersStatus,
} from "proxy-wasm-sdk-as/assembly";
import { heldDigest } from "./content-digest";
import { Exchange } from "./exchange";
import { CHAIN, isKeyless } from "./guard";
import { failed, keyless, Refusal, unreadable } from "./refusal";
import { RefusalCounters } from "./refuse";
import { allTrimmed, readRequestHead } from "./request-head";
import { tooLarge } from "./request-rules";
import { refuseResponse } from "./responses";
import { removeZoneAliases, Signed, signRequest } from "./sign-request";
import { StampSettings } from "./stamp-configuration";
import { tidy } from "./tidy";

export const STAMP = "stamp";
const NANOSECONDS: u64 = 1000000000;

export class Stamper extends HttpContext {
  /** What was signed, where the response must be too. */
  private sent: Signed | null = null;
  /** The head waits for a body, to be signed with its digest. */
  private waits: bool = false;
  /** Bytes of the body that are held. */
  private held: u32 = 0;

  constructor(
    contextId: u32,
    root: RootContext,
    private settings: StampSettings,
    private counters: RefusalCounters,
  ) {
    super(contextId, root);
  }

  onRequestHeaders(_count: u32, endOfStream: bool): HeadersStatus {
    tidy();
    this.waits = !endOfStream && this.settings.digestBytes >= 0;
    return !this.waits && this.passes(this.sign(null)) ? HeadersStatus.Continue : HeadersStatus.StopIteration;
  }

  onRequestBody(size: u32, endOfStream: bool): DataStatus {
    if (!this.waits) return DataStatus.Continue;
    this.held = size;
    const isOver = <i32>size > this.settings.digestBytes;
    if (!isOver && !endOfStream) return DataStatus.StopIterationAndBuffer;
    return this.passes(isOver ? tooLarge() : this.signHeld()) ? DataStatus.Continue : DataStatus.StopIterationNoBuffer;
  }

  onRequestTrailers(_count: u32): TrailersStatus {
    tidy();
    return !this.waits || this.passes(this.signHeld()) ? TrailersStatus.Continue : TrailersStatus.StopIteration;
  }

  private signHeld(): Refusal | null {
    this.waits = false;
    const digest = heldDigest(this.held);
    return digest.length == 0 ? failed() : this.sign(digest);
  }

  private passes(refusal: Refusal | null): bool {
    if (refusal !== null) this.counters.refuse(refusal);
    return refusal === null;
  }

  /** What the zone did not sign for this request goes no further. */
  onResponseHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    tidy();
    const rules = this.settings.responses;
    const sent = this.sent;
    const exchange: Exchange | null = sent === null ? <Exchange | null>null : sent.exchange;
    // Without an exchange it is our own refusal.
    if (rules === null || exchange === null) return HeadersStatus.Continue;
    this.sent = null;
    const refusal = refuseResponse(exchange, rules, <i64>(now() / NANOSECONDS));
    return this.passes(refusal) ? HeadersStatus.Continue : HeadersStatus.StopIteration;
  }

  private sign(digest: Uint8Array | null): Refusal | null {
    const head = readRequestHead(MapType.RequestHeaders);
    if (head === null) return unreadable();
    const settings = this.settings;
    const before = settings.chain ? getProperty([CHAIN]) : null;
    const tokens = allTrimmed(head, settings.token);
    const responses = settings.responses;
    if (responses !== null && responses.keys.isEmpty) return keyless();
    let signing: Signed | null = null;
    if (responses !== null || digest !== null) {
      signing = new Signed();
      signing.digest = digest;
    }
    this.sent = signing;
    const seconds = <i64>(now() / NANOSECONDS);
    const signed = signRequest(head, tokens, before, settings, seconds, signing) && removeZoneAliases(head);
    if (signed) return null;
    return isKeyless(settings) ? keyless() : failed();
  }
}
