/**
 * Whether grants are in force: the server's epoch, asked for again and again. In come the ticks of the root, answers to its
 * calls and epochs that grants bring; out goes which epoch holds now, if any. Effects: HTTP calls to the server.
 */
import { headerPairs, httpCall, MapType, Status, setEffectiveContext } from "proxy-wasm-sdk-as/assembly";
import { bytesOf, equalBytes, spells } from "./ascii";
import { isEpoch } from "./grant-text";
import { owe } from "./tidy";

/** Grants of that epoch may be kept; may not; may not, and all others are to be dropped. */
export const CURRENT: i32 = 0;
export const OTHER: i32 = 1;
export const NEWS: i32 = 2;

/** Milliseconds. */
const TIMEOUT: u32 = 400;
/** Nanoseconds after which an epoch that nobody confirmed holds no more. */
const STALE: u64 = 2000000000;
/** Nanoseconds after which a call without any answer is taken for lost. */
const LOST: u64 = 1000000000;
const EPOCH_HEADER = bytesOf("x-countersign-epoch");
const STATUS_HEADER = bytesOf(":status");

export class GrantRevision {
  private epoch: Uint8Array | null = null;
  /** The one before: what comes late with it is old, not news. */
  private previous: Uint8Array | null = null;
  /** When the newest call that was answered well was sent. */
  private confirmed: u64 = 0;
  /** Calls sent before this count for nothing. */
  private doubted: u64 = 0;
  private token: u32 = 0;
  /** When the call that waits was sent; 0 = none waits. */
  private sent: u64 = 0;
  private head: string[][];

  constructor(
    private rootId: u32,
    private cluster: string,
    authority: string,
    path: string,
  ) {
    this.head = [
      [":method", "GET"],
      [":path", path],
      [":authority", authority],
    ];
  }

  isLive(now: u64): bool {
    return this.confirmed != 0 && now - this.confirmed <= STALE;
  }

  poll(now: u64): void {
    if (this.sent != 0 && now - this.sent < LOST) return;
    owe(0);
    const call = httpCall(this.cluster, this.head, null, [], TIMEOUT);
    if (call.status != Status.Ok) return;
    this.token = call.token;
    this.sent = now;
  }

  /** True when all grants are to be dropped. */
  answered(token: u32, now: u64): bool {
    if (this.sent == 0 || token != this.token) return false;
    const sent = this.sent;
    this.sent = 0;
    owe(0);
    if (sent < this.doubted) {
      this.poll(now);
      return false;
    }
    const epoch = readEpoch();
    if (epoch === null) return false;
    this.confirmed = sent;
    const known = this.epoch;
    if (known !== null && equalBytes(known, epoch)) return false;
    this.previous = known;
    this.epoch = epoch;
    return known !== null;
  }

  /** What a grant's epoch means. Another one than ours is news: nothing holds until the server was asked again. */
  judge(epoch: Uint8Array, streamId: u32, now: u64): i32 {
    if (!this.isLive(now)) return OTHER;
    const known = this.epoch;
    if (known !== null && equalBytes(known, epoch)) return CURRENT;
    const previous = this.previous;
    if (previous !== null && equalBytes(previous, epoch)) return OTHER;
    this.confirmed = 0;
    this.doubted = now;
    // The answer must reach the root, which outlives this request.
    setEffectiveContext(this.rootId);
    this.poll(now);
    setEffectiveContext(streamId);
    return NEWS;
  }
}

/** Null unless the answer is a 200 with exactly one epoch. */
function readEpoch(): Uint8Array | null {
  const pairs = headerPairs(MapType.HttpCallResponseHeaders);
  const status = pairs.indexOf(STATUS_HEADER);
  const line = pairs.indexOf(EPOCH_HEADER);
  if (status < 0 || line < 0 || pairs.indexOf(EPOCH_HEADER, line + 1) >= 0) return null;
  const code = pairs.valueBytes(status);
  const epoch = pairs.valueBytes(line);
  return spells(code, 0, code.length, "200") && isEpoch(epoch, 0, epoch.length) ? epoch.slice(0) : null;
}
