/** Frames that RFC 9113 does not allow, and the error that each is. Cases only. */
import * as code from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { bytes, call, data, field, headers, POST, ping, reset, windowUpdate } from "./raw-client.ts";

const { frame, HEADERS, DATA, CONTINUATION, END_HEADERS, END_STREAM, PADDED, WITH_PRIORITY } = layout;
const NONE = bytes("");
const half = (stream: number): Buffer => headers(stream, POST, 0);
const settings = (...entries: (readonly [number, number])[]): Buffer => layout.settingsFrame(entries);
const length = (value: string): Buffer => Buffer.concat([POST, field("content-length", value)]);
const withField = (name: string, value: string): Buffer => call(1, "x", Buffer.concat([POST, field(name, value)]));
const only = (...parts: Buffer[]): Buffer => call(1, "x", Buffer.concat(parts));

/** Right after the preface. */
export const WRONG_BEGINNINGS: readonly (readonly [string, Buffer, number])[] = [
  ["a first frame that is no SETTINGS", ping(), code.PROTOCOL_ERROR],
  ["a first frame that acknowledges", frame(layout.SETTINGS, layout.ACK, 0, NONE), code.PROTOCOL_ERROR],
];

/** After the preface and SETTINGS; the connection ends. */
export const CONNECTION_ERRORS: readonly (readonly [string, Buffer, number])[] = [
  ["a frame above the maximum", frame(0x63, 0, 0, Buffer.alloc(16_385)), code.FRAME_SIZE_ERROR],
  ["DATA on the connection", data(0, "x"), code.PROTOCOL_ERROR],
  ["DATA on an idle stream", data(1, "x"), code.PROTOCOL_ERROR],
  [
    "DATA with more padding than payload",
    Buffer.concat([headers(1), frame(DATA, PADDED, 1, bytes("0500"))]),
    code.PROTOCOL_ERROR,
  ],
  ["padded DATA without its length", Buffer.concat([headers(1), frame(DATA, PADDED, 1, NONE)]), code.PROTOCOL_ERROR],
  ["HEADERS on the connection", headers(0), code.PROTOCOL_ERROR],
  ["HEADERS on an even stream", headers(2), code.PROTOCOL_ERROR],
  ["HEADERS on a lower stream", Buffer.concat([call(5), headers(3)]), code.STREAM_CLOSED],
  ["HEADERS on a stream that has ended", Buffer.concat([call(1), headers(1)]), code.STREAM_CLOSED],
  [
    "HEADERS with more padding than payload",
    frame(HEADERS, END_HEADERS | PADDED, 1, bytes("ff838684")),
    code.PROTOCOL_ERROR,
  ],
  [
    "HEADERS too short for their priority",
    frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, bytes("00")),
    code.FRAME_SIZE_ERROR,
  ],
  [
    "HEADERS that depend on themselves",
    frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, bytes("0000000100838684")),
    code.PROTOCOL_ERROR,
  ],
  ["a header block that is no HPACK", headers(1, bytes("80")), code.COMPRESSION_ERROR],
  [
    "trailers that are no HPACK",
    Buffer.concat([headers(1), headers(1, bytes("80"), END_HEADERS | END_STREAM)]),
    code.COMPRESSION_ERROR,
  ],
  ["CONTINUATION without HEADERS", frame(CONTINUATION, END_HEADERS, 1, POST), code.PROTOCOL_ERROR],
  [
    "CONTINUATION of another stream",
    Buffer.concat([half(1), frame(CONTINUATION, END_HEADERS, 3, NONE)]),
    code.PROTOCOL_ERROR,
  ],
  ["a PING within a header block", Buffer.concat([half(1), ping()]), code.PROTOCOL_ERROR],
  ["DATA within a header block", Buffer.concat([half(1), data(1, "x")]), code.PROTOCOL_ERROR],
  ["an unknown frame within a header block", Buffer.concat([half(1), frame(0x63, 0, 1, NONE)]), code.PROTOCOL_ERROR],
  ["RST_STREAM on the connection", reset(0), code.PROTOCOL_ERROR],
  ["RST_STREAM on an idle stream", reset(1), code.PROTOCOL_ERROR],
  ["RST_STREAM of another length", frame(layout.RST_STREAM, 0, 1, bytes("00")), code.FRAME_SIZE_ERROR],
  ["SETTINGS on a stream", frame(layout.SETTINGS, 0, 1, NONE), code.PROTOCOL_ERROR],
  ["SETTINGS of half an entry", frame(layout.SETTINGS, 0, 0, bytes("0003")), code.FRAME_SIZE_ERROR],
  [
    "SETTINGS that acknowledge and say something",
    frame(layout.SETTINGS, layout.ACK, 0, bytes("000300000001")),
    code.FRAME_SIZE_ERROR,
  ],
  ["a push of 2", settings([layout.ENABLE_PUSH, 2]), code.PROTOCOL_ERROR],
  ["a window above 2^31-1 by SETTINGS", settings([layout.INITIAL_WINDOW_SIZE, 2 ** 31]), code.FLOW_CONTROL_ERROR],
  ["a maximum frame below the least", settings([layout.MAX_FRAME_SIZE, 16_383]), code.PROTOCOL_ERROR],
  ["a maximum frame above the most", settings([layout.MAX_FRAME_SIZE, 2 ** 24]), code.PROTOCOL_ERROR],
  ["33 settings in one frame", settings(...Array.from({ length: 33 }, () => [9, 0] as const)), code.ENHANCE_YOUR_CALM],
  ["PING on a stream", frame(layout.PING, 0, 1, Buffer.alloc(8)), code.PROTOCOL_ERROR],
  ["PING of another length", frame(layout.PING, 0, 0, Buffer.alloc(7)), code.FRAME_SIZE_ERROR],
  ["GOAWAY on a stream", frame(layout.GOAWAY, 0, 1, Buffer.alloc(8)), code.PROTOCOL_ERROR],
  ["GOAWAY that is too short", frame(layout.GOAWAY, 0, 0, Buffer.alloc(7)), code.FRAME_SIZE_ERROR],
  ["PRIORITY on the connection", frame(layout.PRIORITY, 0, 0, Buffer.alloc(5)), code.PROTOCOL_ERROR],
  ["PRIORITY of another length", frame(layout.PRIORITY, 0, 1, Buffer.alloc(4)), code.FRAME_SIZE_ERROR],
  ["PUSH_PROMISE", frame(layout.PUSH_PROMISE, END_HEADERS, 1, Buffer.alloc(8)), code.PROTOCOL_ERROR],
  ["WINDOW_UPDATE of another length", frame(layout.WINDOW_UPDATE, 0, 0, Buffer.alloc(5)), code.FRAME_SIZE_ERROR],
  ["WINDOW_UPDATE on an idle stream", windowUpdate(1, 1), code.PROTOCOL_ERROR],
  ["an increment of zero for the connection", windowUpdate(0, 0), code.PROTOCOL_ERROR],
  ["a connection's window above 2^31-1", windowUpdate(0, 2 ** 31 - 1), code.FLOW_CONTROL_ERROR],
];

/** The stream ends, 1 in each case. */
export const STREAM_ERRORS: readonly (readonly [string, Buffer, number])[] = [
  [
    "DATA after the request's end",
    Buffer.concat([headers(1, POST, END_HEADERS | END_STREAM), data(1, "x")]),
    code.STREAM_CLOSED,
  ],
  [
    "trailers that do not end the request",
    Buffer.concat([headers(1), headers(1, field("a", "b"))]),
    code.PROTOCOL_ERROR,
  ],
  [
    "trailers with a pseudo-header",
    Buffer.concat([headers(1), headers(1, POST, END_HEADERS | END_STREAM)]),
    code.PROTOCOL_ERROR,
  ],
  ["a stream's increment of zero", Buffer.concat([headers(1), windowUpdate(1, 0)]), code.PROTOCOL_ERROR],
  [
    "a stream's window above 2^31-1",
    Buffer.concat([headers(1), windowUpdate(1, 2 ** 31 - 1)]),
    code.FLOW_CONTROL_ERROR,
  ],
  ["no :method", only(bytes("8684")), code.PROTOCOL_ERROR],
  ["no :scheme", only(bytes("8384")), code.PROTOCOL_ERROR],
  ["no :path", only(bytes("8386")), code.PROTOCOL_ERROR],
  ["an empty :path", only(bytes("8386"), field(":path", "")), code.PROTOCOL_ERROR],
  ["a :path without a slash", only(bytes("8386"), field(":path", "x")), code.PROTOCOL_ERROR],
  ["two :method", only(POST, bytes("83")), code.PROTOCOL_ERROR],
  ["two :path", only(POST, bytes("84")), code.PROTOCOL_ERROR],
  ["a :method that is no token", only(bytes("8684"), field(":method", "PO ST")), code.PROTOCOL_ERROR],
  ["a pseudo-header after another field", only(bytes("8386"), field("a", "b"), bytes("84")), code.PROTOCOL_ERROR],
  ["a response's pseudo-header", withField(":status", "200"), code.PROTOCOL_ERROR],
  ["an unknown pseudo-header", withField(":protocol", "websocket"), code.PROTOCOL_ERROR],
  ["an upper-case name", withField("Accept", "x"), code.PROTOCOL_ERROR],
  ["an empty name", withField("", "x"), code.PROTOCOL_ERROR],
  ["a name with a blank", withField("a b", "x"), code.PROTOCOL_ERROR],
  ["a name with a colon", withField("a:b", "x"), code.PROTOCOL_ERROR],
  ["a name of bytes above ASCII", withField("\u00e4", "x"), code.PROTOCOL_ERROR],
  ["a value with a line feed", withField("a", "x\ny: z"), code.PROTOCOL_ERROR],
  ["a value with a carriage return", withField("a", "x\r"), code.PROTOCOL_ERROR],
  ["a value with NUL", withField("a", "\u0000"), code.PROTOCOL_ERROR],
  ["a value that begins with a blank", withField("a", " x"), code.PROTOCOL_ERROR],
  ["a value that ends with a tab", withField("a", "x\t"), code.PROTOCOL_ERROR],
  ["connection", withField("connection", "close"), code.PROTOCOL_ERROR],
  ["transfer-encoding", withField("transfer-encoding", "chunked"), code.PROTOCOL_ERROR],
  ["upgrade", withField("upgrade", "h2c"), code.PROTOCOL_ERROR],
  ["te other than trailers", withField("te", "gzip"), code.PROTOCOL_ERROR],
  ["a content-length that is no number", withField("content-length", "1x"), code.PROTOCOL_ERROR],
  ["a content-length with a sign", withField("content-length", "+1"), code.PROTOCOL_ERROR],
  ["two content-lengths", only(length("1"), field("content-length", "2")), code.PROTOCOL_ERROR],
  ["a body longer than its content-length", call(1, "xx", length("1")), code.PROTOCOL_ERROR],
  ["a body shorter than its content-length", call(1, "x", length("2")), code.PROTOCOL_ERROR],
  ["no body where one is announced", headers(1, length("2"), END_HEADERS | END_STREAM), code.PROTOCOL_ERROR],
  [
    "trailers before the announced body's end",
    Buffer.concat([headers(1, length("2")), data(1, "x", 0), headers(1, field("a", "b"), END_HEADERS | END_STREAM)]),
    code.PROTOCOL_ERROR,
  ],
  ["CONNECT with a path", only(bytes("8684"), field(":method", "CONNECT")), code.PROTOCOL_ERROR],
];
