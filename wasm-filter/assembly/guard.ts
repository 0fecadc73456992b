/**
 * The guard: first filter of the listener. In comes a request's head, out goes Continue or a local reply; what it cannot see
 * it refuses. Order: rate, shape, stamp (inner zones), owned headers, path, credentials. Effects: host calls.
 */
import {
  DataStatus,
  getProperty,
  HeadersStatus,
  HttpContext,
  MapType,
  now,
  RootContext,
  Status,
  setProperty,
  TrailersStatus,
} from "proxy-wasm-sdk-as/assembly";
import { equalBytes } from "./ascii";
import { heldDigest } from "./content-digest";
import { presentedToken, refuseCredentials } from "./credentials";
import { Exchange, exchangeOf } from "./exchange";
import { GrantRequest } from "./grant-request";
import { Grants } from "./grants";
import { GuardConfiguration } from "./guard-configuration";
import { ambiguity, hasEncodedNul } from "./path";
import { BY_TOKEN, RateLimit, withoutPort } from "./rate-limit";
import { failed, keyless, Refusal, unreadable } from "./refusal";
import { RefusalCounters } from "./refuse";
import { allTrimmed, RequestHead, readRequestHead } from "./request-head";
import { refuseShape, tooLarge } from "./request-rules";
import { signResponse } from "./responses";
import { signRequest } from "./sign-request";
import { SignedMessage } from "./signed-message";
import { StampSettings } from "./stamp-configuration";
import { INPUT_HEADER, SIGNATURE_HEADER, ZONE_HEADER } from "./stamp-fields";
import { stripNominated, stripOwned, stripped, stripStamp } from "./strip-headers";
import { tidy } from "./tidy";
import { refused, refuseStamp, StampedRequest, StampRules } from "./verify-stamp";

export const GUARD = "guard";
/** Filter state with the chain of zones that the guard verified. */
export const CHAIN = "countersign.chain";
const NANOSECONDS: u64 = 1000000000;
const MILLISECOND: u64 = 1000000;

export class Guard extends HttpContext {
  /** Bytes of the body so far. */
  private received: i64 = 0;
  /** Null = every request is asked for. */
  grants: Grants | null = null;
  /** What grants know of this request; null = nothing to repeat or to keep. */
  private granted: GrantRequest | null = null;
  /** The request as its stamp covers it, where the response is to be signed. */
  private exchange: Exchange | null = null;
  /** Of the body that is to come; null = it may be any. */
  private digest: Uint8Array | null = null;

  constructor(
    contextId: u32,
    root: RootContext,
    private rules: GuardConfiguration,
    private counters: RefusalCounters,
  ) {
    super(contextId, root);
  }

  onRequestHeaders(_count: u32, endOfStream: bool): HeadersStatus {
    tidy();
    const refusal = this.judge(!endOfStream);
    if (refusal !== null) {
      this.counters.refuse(refusal);
      return HeadersStatus.StopIteration;
    }
    // The head waits for the body: what is behind must see neither before they fit.
    return this.digest === null ? HeadersStatus.Continue : HeadersStatus.StopIteration;
  }

  /** The size is counted too, for a body need not be as long as announced, and need not be announced. */
  onRequestBody(size: u32, endOfStream: bool): DataStatus {
    const digest = this.digest;
    const rules = this.rules.request;
    // What is held is counted anew each time.
    if (digest !== null) this.received = size;
    else this.received += size;
    let isOver = rules !== null && rules.maxBodyBytes >= 0 && this.received > rules.maxBodyBytes;
    if (digest !== null) {
      const stamp = this.rules.stamp;
      isOver = isOver || stamp === null || <i32>size > stamp.digestBytes;
      if (!isOver && !endOfStream) return DataStatus.StopIterationAndBuffer;
    }
    const refusal = isOver ? tooLarge() : this.refuseBody(size);
    if (refusal === null) return DataStatus.Continue;
    this.counters.refuse(refusal);
    return DataStatus.StopIterationNoBuffer;
  }

  /** Null when the body that is held is the one that was stamped. */
  private refuseBody(size: u32): Refusal | null {
    const digest = this.digest;
    this.digest = null;
    return digest === null || equalBytes(digest, heldDigest(size)) ? null : refused("stamp_invalid");
  }

  onResponseHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    tidy();
    const grants = this.grants;
    const granted = this.granted;
    this.granted = null;
    if (grants !== null && granted !== null) grants.leave(granted, this.contextId);
    const exchange = this.exchange;
    const responses = this.rules.responses;
    this.exchange = null;
    // One that cannot be signed goes without: who asked refuses it.
    if (exchange !== null && responses !== null) signResponse(exchange, responses, <i64>(now() / NANOSECONDS));
    return HeadersStatus.Continue;
  }

  onRequestTrailers(_count: u32): TrailersStatus {
    tidy();
    const refusal = this.refuseBody(<u32>this.received);
    if (refusal !== null) {
      this.counters.refuse(refusal);
      return TrailersStatus.StopIteration;
    }
    const head = readRequestHead(MapType.RequestTrailers);
    if (head === null) {
      this.counters.refuse(unreadable());
      return TrailersStatus.StopIteration;
    }
    if (stripOwned(MapType.RequestTrailers, head, this.rules.owned, false, "")) return TrailersStatus.Continue;
    this.counters.refuse(failed());
    return TrailersStatus.StopIteration;
  }

  private judge(hasBody: bool): Refusal | null {
    const head = readRequestHead(MapType.RequestHeaders);
    if (head === null) return unreadable();
    const isTimed = this.rules.isTimed;
    const time = isTimed ? now() : 0;
    const seconds = <i64>(time / NANOSECONDS);
    // Without a clock every expiry would lie in the future.
    if (isTimed && seconds == 0) return failed();
    const method = head.first(":method");
    const target = head.first(":path");
    const limit = this.rules.rateLimit;
    if (limit !== null && !isWithin(limit, head, <i64>(time / MILLISECOND))) {
      return new Refusal("rate_limited", "Too many requests", ["retry-after", "1"]);
    }
    const shape = this.rules.request;
    if (shape !== null) {
      const refusal = refuseShape(head, method, hasBody, shape);
      if (refusal !== null) return refusal;
    }

    const stamp = this.rules.stamp;
    let keep = "";
    if (stamp !== null) {
      if (stamp.keys.isEmpty || isKeyless(this.rules.responses)) return keyless();
      const stamped = stampedRequest(head, method, target, stamp);
      const refusal = refuseStamp(stamped, stamp, seconds);
      if (this.rules.responses !== null) this.exchange = exchangeOf(stamped);
      if (refusal !== null) return refusal;
      if (stamp.digestBytes >= 0) {
        this.digest = stamped.digest;
        if (hasBody ? stamped.digest === null : this.refuseBody(0) !== null) return refused("stamp_invalid");
      }
      // A token that is there is covered: a stamp without it was refused.
      keep = stamp.token;
      // What the stamp may carry on: never a header, which a client could have set where no guard stands.
      if (setProperty([CHAIN], head.first(ZONE_HEADER)) != Status.Ok) return failed();
    }
    const before = stripped();
    if (!stripNominated(head, this.rules.owned)) return failed();
    if (!stripOwned(MapType.RequestHeaders, head, this.rules.owned, stamp !== null, keep)) return failed();
    if (stamp === null && !stripStamp(head)) return failed();

    let refusal = refusePath(method, target, this.rules);
    if (refusal !== null) return refusal;
    const grants = this.grants;
    let granted: GrantRequest | null = null;
    if (grants !== null) granted = grants.enter(head.wire.buffer, stripped() != before, time);
    // A grant ends before its token does, so that nothing is left to ask of a token that it was given for.
    if (granted === null || !granted.vouched || presentedToken(head) === null) {
      refusal = refuseCredentials(head, method, target, this.rules, seconds);
      if (refusal !== null) return refusal;
    }
    if (grants !== null && granted !== null) {
      grants.pass(granted);
      this.granted = granted;
      if (granted.broken) return failed();
    }
    if (this.sign(head, keep, seconds)) return null;
    return isKeyless(this.rules.sign) ? keyless() : failed();
  }

  /** Where nothing behind rewrites or mints, the guard is the stamp too. `keep` = the token header that was verified. */
  private sign(head: RequestHead, keep: string, seconds: i64): bool {
    const settings = this.rules.sign;
    if (settings === null) return true;
    const granted = this.granted;
    const token = settings.token;
    let before: Uint8Array | null = null;
    if (this.rules.stamp !== null) before = head.first(ZONE_HEADER);
    if (granted !== null && granted.decision !== null) {
      // The grant's header changes are what leaves: what was read before them is not.
      const changed = readRequestHead(MapType.RequestHeaders);
      return changed !== null && signRequest(changed, allTrimmed(changed, token), before, settings, seconds);
    }
    // An owned token of a client was stripped; `head` is from before.
    const stripped = this.rules.stripsToken && token != keep;
    return signRequest(head, stripped ? new Array<Uint8Array>(0) : allTrimmed(head, token), before, settings, seconds);
  }
}

/** A request without a token, and one whose address the host does not tell, counts by address, or together. */
function isWithin(limit: RateLimit, head: RequestHead, milliseconds: i64): bool {
  const token = limit.by == BY_TOKEN ? presentedToken(head) : null;
  if (token !== null) return limit.allows(token, milliseconds);
  const address = getProperty(["source", "address"]);
  return limit.allows(address === null ? new Uint8Array(0) : withoutPort(address), milliseconds);
}

function stampedRequest(head: RequestHead, method: Uint8Array, target: Uint8Array, rules: StampRules): StampedRequest {
  const message = new SignedMessage(method, head.first(":scheme"), head.first(":authority"), target);
  return new StampedRequest(
    head,
    message,
    head.all(INPUT_HEADER),
    head.all(SIGNATURE_HEADER),
    allTrimmed(head, rules.token),
    allTrimmed(head, ZONE_HEADER),
  );
}

function refusePath(method: Uint8Array, target: Uint8Array, rules: GuardConfiguration): Refusal | null {
  if (target.length > rules.path.maxLength) return new Refusal("request_malformed", "The request target is too long");
  const ambiguous = rules.path.refuseAmbiguous && ambiguity(target, method, rules.path.normalized) != "";
  return ambiguous || hasEncodedNul(target) ? new Refusal("path_ambiguous", "The request path is ambiguous") : null;
}

export function isKeyless(settings: StampSettings | null): bool {
  return settings !== null && settings.keys.isEmpty;
}
