/** What looks odd and is a good request of stream 1 all the same, with the body `x`. Cases only. */
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { bytes, call, data, field, headers, POST, reset, windowUpdate } from "./raw-client.ts";

const { frame, HEADERS, DATA, CONTINUATION, END_HEADERS, END_STREAM, PADDED, WITH_PRIORITY } = layout;
const NONE = bytes("");
const half = (stream: number): Buffer => headers(stream, POST, 0);
const settings = (...entries: (readonly [number, number])[]): Buffer => layout.settingsFrame(entries);
const length = (value: string): Buffer => Buffer.concat([POST, field("content-length", value)]);
const withField = (name: string, value: string): Buffer => call(1, "x", Buffer.concat([POST, field(name, value)]));

export const ODD_FRAMES: readonly (readonly [string, Buffer])[] = [
  [
    "padding",
    Buffer.concat([
      frame(HEADERS, END_HEADERS | PADDED, 1, bytes("03838684000000")),
      frame(DATA, END_STREAM | PADDED, 1, bytes("02780000")),
    ]),
  ],
  [
    "padding and nothing else in the last frame",
    Buffer.concat([headers(1), data(1, "x", 0), frame(DATA, END_STREAM | PADDED, 1, bytes("020000"))]),
  ],
  [
    "a priority",
    Buffer.concat([frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, bytes("8000000300838684")), data(1, "x")]),
  ],
  [
    "a header block in four frames, empty ones too",
    Buffer.concat([half(1), frame(CONTINUATION, 0, 1, NONE), frame(CONTINUATION, END_HEADERS, 1, NONE), data(1, "x")]),
  ],
  ["a body in pieces, empty ones too", Buffer.concat([headers(1), data(1, "", 0), data(1, "x", 0), data(1, "")])],
  ["trailers", Buffer.concat([headers(1), data(1, "x", 0), headers(1, field("a", "b"), END_HEADERS | END_STREAM)])],
  ["a content-length twice, the same", call(1, "x", Buffer.concat([length("1"), field("content-length", "1")]))],
  ["a value of blanks within and bytes above ASCII", withField("a", "x \u00e4\tz")],
  [
    "unknown frames, settings and flags",
    Buffer.concat([
      frame(0x63, 0xff, 7, bytes("00")),
      settings([0x99, 7]),
      headers(1, POST, END_HEADERS | 0xc2),
      data(1, "x", END_STREAM | 0xc2),
    ]),
  ],
  [
    "PRIORITY of an idle stream, a reserved bit",
    Buffer.concat([frame(layout.PRIORITY, 0, 9, Buffer.alloc(5)), call(1)]),
  ],
  ["a client that says goodbye", Buffer.concat([frame(layout.GOAWAY, 0, 0, Buffer.alloc(12)), call(1)])],
  ["a reset of a stream that is answered", Buffer.concat([call(1), reset(1)])],
  ["a window for a stream that is answered", Buffer.concat([call(1), windowUpdate(1, 5)])],
  [
    "a stream's window of exactly 2^31-1",
    Buffer.concat([headers(1), windowUpdate(1, 2 ** 31 - 1 - 65_535), data(1, "x")]),
  ],
];
