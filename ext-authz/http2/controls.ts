/**
 * What a client says of the connection itself: SETTINGS, PING, WINDOW_UPDATE, PRIORITY, GOAWAY. In: frames. Out: a connection's error,
 * or none. Effects: answers to them, the sending half's windows. Each of them is counted. Source: RFC 9113 §6.3, §6.5, §6.7–6.9.
 */
import type { Allowance } from "./allowance.ts";
import { MAX_FRAME, MAX_SETTINGS, MAX_WINDOW, SETTINGS_CHORES } from "./bounds.ts";
import * as code from "./error-codes.ts";
import { ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, NO_ERROR, PROTOCOL_ERROR } from "./error-codes.ts";
import {
  ACK,
  ENABLE_PUSH,
  frame as frameOf,
  INITIAL_WINDOW_SIZE,
  MAX_FRAME_SIZE,
  PING,
  readNumber,
  readNumber31,
  SETTINGS,
} from "./frame-layout.ts";
import type { Frame } from "./frame-splitter.ts";
import type { Sender } from "./sender.ts";
import type { ServerStream } from "./stream.ts";
import type { Streams } from "./streams.ts";

export interface ControlsDeps {
  readonly sender: Sender<ServerStream>;
  readonly streams: Streams;
  readonly chores: Allowance;
  /** A ping of ours came back. */
  readonly answered: (payload: Buffer) => void;
  /** As in `Requests`. */
  readonly fault: (stream: ServerStream, why: number) => number;
}

const SETTINGS_ACK = frameOf(SETTINGS, ACK, 0, Buffer.alloc(0));
const PING_BYTES = 8;
const SETTING_BYTES = 6;
const PRIORITY_BYTES = 5;
const LARGEST_FRAME = 0xff_ffff;

export class Controls {
  private readonly deps: ControlsDeps;

  constructor(deps: ControlsDeps) {
    this.deps = deps;
  }

  settings({ bytes, flags, stream, from, to }: Frame): number {
    const { chores, sender } = this.deps;
    const length = to - from;
    if (stream !== 0) return PROTOCOL_ERROR;
    if (!chores.take(SETTINGS_CHORES)) return ENHANCE_YOUR_CALM;
    if ((flags & ACK) !== 0) return length === 0 ? NO_ERROR : FRAME_SIZE_ERROR;
    if (length % SETTING_BYTES !== 0) return FRAME_SIZE_ERROR;
    if (length > MAX_SETTINGS * SETTING_BYTES) return ENHANCE_YOUR_CALM;
    for (let at = from; at < to; at += SETTING_BYTES) {
      const wrong = this.setting(bytes.readUInt16BE(at), readNumber(bytes, at + 2));
      if (wrong !== NO_ERROR) return wrong;
    }
    sender.output.append(SETTINGS_ACK);
    return sender.pushAll();
  }

  ping({ bytes, flags, stream, from, to }: Frame): number {
    const { chores, sender, answered } = this.deps;
    if (stream !== 0) return PROTOCOL_ERROR;
    if (to - from !== PING_BYTES) return FRAME_SIZE_ERROR;
    if (!chores.take()) return ENHANCE_YOUR_CALM;
    const payload = bytes.subarray(from, to);
    if ((flags & ACK) !== 0) answered(payload);
    else sender.output.append(frameOf(PING, ACK, 0, payload));
    return NO_ERROR;
  }

  windowUpdate({ bytes, stream: id, from, to }: Frame): number {
    const { chores, sender, streams, fault } = this.deps;
    if (to - from !== 4) return FRAME_SIZE_ERROR;
    if (!chores.take()) return ENHANCE_YOUR_CALM;
    const increment = readNumber31(bytes, from);
    if (id === 0) return increment === 0 ? PROTOCOL_ERROR : sender.widen(increment);
    if (id > streams.lastId) return PROTOCOL_ERROR;
    const stream = streams.open.get(id);
    // It may have been sent before the client read the stream's end.
    if (stream === undefined) return NO_ERROR;
    const wrong = increment === 0 ? PROTOCOL_ERROR : sender.widenStream(stream, increment);
    return wrong === NO_ERROR ? NO_ERROR : fault(stream, wrong);
  }

  /** Deprecated and without meaning here (§5.3). */
  priority({ bytes, stream, from, to }: Frame): number {
    if (stream === 0) return PROTOCOL_ERROR;
    if (to - from !== PRIORITY_BYTES) return FRAME_SIZE_ERROR;
    if (readNumber31(bytes, from) === stream) return PROTOCOL_ERROR;
    return this.ignored();
  }

  /** A client that leaves closes its connection itself when its calls are answered; we push nothing that it could refuse. */
  goaway({ stream, from, to }: Frame): number {
    if (stream !== 0) return PROTOCOL_ERROR;
    return to - from < 2 * 4 ? FRAME_SIZE_ERROR : this.ignored();
  }

  /** Frames of types that we do not know (§5.5). */
  ignored(): number {
    return this.deps.chores.take() ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  /** Table sizes, stream counts and header lists concern what we do not send. Frames of ours are never above the least maximum. */
  private setting(id: number, value: number): number {
    switch (id) {
      case ENABLE_PUSH:
        return value > 1 ? PROTOCOL_ERROR : NO_ERROR;
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) return code.FLOW_CONTROL_ERROR;
        this.deps.sender.grantEach(value);
        return NO_ERROR;
      case MAX_FRAME_SIZE:
        return value < MAX_FRAME || value > LARGEST_FRAME ? PROTOCOL_ERROR : NO_ERROR;
      default:
        return NO_ERROR;
    }
  }
}
