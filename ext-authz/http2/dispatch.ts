/** Each frame to what it is for. In: a frame. Out: a connection's error, or none. Source: RFC 9113 §6, §5.5. */
import type { Controls } from "./controls.ts";
import { PROTOCOL_ERROR } from "./error-codes.ts";
import * as layout from "./frame-layout.ts";
import type { Frame } from "./frame-splitter.ts";
import type { Requests } from "./requests.ts";

export function dispatch(frame: Frame, requests: Requests, controls: Controls): number {
  // Nothing comes between the frames of a header block (§6.10).
  if (requests.openBlock !== undefined && frame.type !== layout.CONTINUATION) return PROTOCOL_ERROR;
  switch (frame.type) {
    case layout.DATA:
      return requests.data(frame);
    case layout.HEADERS:
      return requests.headers(frame);
    case layout.CONTINUATION:
      return requests.continuation(frame);
    case layout.RST_STREAM:
      return requests.reset(frame);
    case layout.WINDOW_UPDATE:
      return controls.windowUpdate(frame);
    case layout.PING:
      return controls.ping(frame);
    case layout.SETTINGS:
      return controls.settings(frame);
    case layout.PRIORITY:
      return controls.priority(frame);
    case layout.GOAWAY:
      return controls.goaway(frame);
    case layout.PUSH_PROMISE:
      return PROTOCOL_ERROR;
    default:
      return controls.ignored();
  }
}
