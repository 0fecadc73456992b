/**
 * The stamp: last filter before the wire, best in the upstream chain, where rewrites are done. In comes the head as it
 * leaves, out goes the same with zone and signature, or a local reply: nothing leaves unsigned. Effects: host calls.
 */
import { getProperty, HeadersStatus, HttpContext, MapType, now, RootContext } from "proxy-wasm-sdk-as/assembly";
import { allTrimmed, CHAIN, failed, isKeyless, keyless, unreadable } from "./guard";
import { Refusal } from "./refusal";
import { RefusalCounters } from "./refuse";
import { readRequestHead } from "./request-head";
import { removeZoneAliases, signRequest } from "./sign-request";
import { StampSettings } from "./stamp-configuration";
import { tidy } from "./tidy";

export const STAMP = "stamp";
const NANOSECONDS: u64 = 1000000000;

export class Stamper extends HttpContext {
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

  private sign(): Refusal | null {
    const head = readRequestHead(MapType.RequestHeaders);
    if (head === null) return unreadable();
    const settings = this.settings;
    const before = settings.chain ? getProperty([CHAIN]) : null;
    const tokens = allTrimmed(head, settings.token);
    const signed = signRequest(head, tokens, before, settings, <i64>(now() / NANOSECONDS)) && removeZoneAliases(head);
    if (signed) return null;
    return isKeyless(settings) ? keyless() : failed();
  }
}
