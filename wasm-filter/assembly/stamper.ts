/**
 * The stamp: last filter before the wire, best in the upstream chain, where rewrites are done. In comes the head as it
 * leaves, out goes the same with zone and signature, or a local reply: nothing leaves unsigned. Effects: host calls.
 */
import {
  getProperty,
  HeadersStatus,
  HttpContext,
  MapType,
  now,
  RootContext,
  randomFill,
  removeHeaderBytes,
  Status,
  setHeader,
  setHeaderBytes,
} from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { allTrimmed, CHAIN, failed, unreadable } from "./guard";
import { isAliasOf } from "./header-firewall";
import { makeStamp } from "./make-stamp";
import { Refusal } from "./refusal";
import { RefusalCounters } from "./refuse";
import { RequestHead, readRequestHead } from "./request-head";
import { SignedMessage } from "./signed-message";
import { StampConfiguration } from "./stamp-configuration";
import { INPUT_HEADER, SIGNATURE_HEADER, withoutOurs, ZONE_HEADER } from "./stamp-fields";
import { tidy } from "./tidy";
import { MAX_ZONES, readChain } from "./zone-chain";

export const STAMP = "stamp";
const NANOSECONDS: u64 = 1000000000;
const NONCE_BYTES: i32 = 16;
const ZONE = bytesOf(ZONE_HEADER);

export class Stamper extends HttpContext {
  constructor(
    contextId: u32,
    root: RootContext,
    private settings: StampConfiguration,
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
    const created = <i64>(now() / NANOSECONDS);
    const key = this.settings.keys.at(this.settings.sign, created);
    const nonce = new Uint8Array(NONCE_BYTES);
    if (created == 0 || key === null || !randomFill(nonce)) return failed();

    const token = this.settings.token;
    const tokens = allTrimmed(head, token);
    // The next zone refuses two: which of them would a stamp speak for?
    if (tokens.length > 1) return failed();
    const message = new SignedMessage(
      head.first(":method"),
      head.first(":scheme"),
      head.first(":authority"),
      head.first(":path"),
    );
    const zones = this.zones();
    if (zones == "") return failed();
    message.field(ZONE_HEADER, [bytesOf(zones)]);
    if (tokens.length == 1) message.field(token, tokens);
    const covered = tokens.length == 1 ? token : "";
    const stamp = makeStamp(message, covered, key, created, created + this.settings.lifetime, nonce);
    if (stamp === null) return failed();

    const written =
      this.writeZones(head, zones) &&
      append(head, INPUT_HEADER, stamp.input) &&
      append(head, SIGNATURE_HEADER, stamp.signature);
    return written ? null : failed();
  }

  /** Our own zone, after those that the guard of this proxy verified; "" when the request has been here, or came too far. */
  private zones(): string {
    const ours = this.settings.zone;
    const before = this.settings.chain ? getProperty([CHAIN]) : null;
    if (before === null) return ours;
    const chain = readChain(before);
    if (chain === null || chain.includes(ours) || chain.length == MAX_ZONES) return "";
    return `${chain.join(", ")}, ${ours}`;
  }

  /** One line, under no alias. */
  private writeZones(head: RequestHead, zones: string): bool {
    for (let line = 0; line < head.length; line++) {
      if (!isAliasOf(head.wire, head.nameStart(line), head.nameEnd(line), ZONE)) continue;
      if (removeHeaderBytes(MapType.RequestHeaders, head.nameBytes(line)) != Status.Ok) return false;
    }
    return setHeader(MapType.RequestHeaders, ZONE_HEADER, zones) == Status.Ok;
  }
}

/** One line: the members of others, then ours. */
function append(head: RequestHead, name: string, member: string): bool {
  const out = new ByteWriter();
  out.bytes(withoutOurs(head.all(name)));
  if (out.length > 0) out.text(", ");
  out.text(member);
  return setHeaderBytes(MapType.RequestHeaders, name, out.take()) == Status.Ok;
}
