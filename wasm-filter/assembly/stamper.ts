/**
 * The stamp: last filter before the wire, best in the upstream chain, where rewrites are done. In comes the head as it
 * leaves, out goes the same with zone and signature, or a local reply: nothing leaves unsigned. Effects: host calls.
 */
import { getProperty, HeadersStatus, HttpContext, MapType, now, RootContext } from "proxy-wasm-sdk-as/assembly";
import { Exchange } from "./exchange";
import { CHAIN, failed, isKeyless, keyless, unreadable } from "./guard";
import { Refusal } from "./refusal";
import { RefusalCounters } from "./refuse";
import { allTrimmed, readRequestHead } from "./request-head";
import { refuseResponse } from "./responses";
import { KeepsExchange, removeZoneAliases, signRequest } from "./sign-request";
import { StampSettings } from "./stamp-configuration";
import { tidy } from "./tidy";

export const STAMP = "stamp";
const NANOSECONDS: u64 = 1000000000;

export class Stamper extends HttpContext {
  /** What was signed, where the response must be too. */
  private sent: KeepsExchange | null = null;

  constructor(
    contextId: u32,
    root: RootContext,
    private settings: StampSettings,
    private counters: RefusalCounters,
  ) {
    super(contextId, root);
  }

  onRequestHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    tidy();
    const refusal = this.sign();
    if (refusal === null) return HeadersStatus.Continue;
    this.counters.refuse(refusal);
    return HeadersStatus.StopIteration;
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
    if (refusal === null) return HeadersStatus.Continue;
    this.counters.refuse(refusal);
    return HeadersStatus.StopIteration;
  }

  private sign(): Refusal | null {
    const head = readRequestHead(MapType.RequestHeaders);
    if (head === null) return unreadable();
    const settings = this.settings;
    const before = settings.chain ? getProperty([CHAIN]) : null;
    const tokens = allTrimmed(head, settings.token);
    const responses = settings.responses;
    if (responses !== null) {
      if (responses.keys.isEmpty) return keyless();
      this.sent = new KeepsExchange();
    }
    const seconds = <i64>(now() / NANOSECONDS);
    const signed = signRequest(head, tokens, before, settings, seconds, this.sent) && removeZoneAliases(head);
    if (signed) return null;
    return isKeyless(settings) ? keyless() : failed();
  }
}
