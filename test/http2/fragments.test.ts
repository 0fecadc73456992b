/**
 * Bytes cut anywhere, and bytes that were changed on their way. In: a good connection's bytes. Out: however they are cut, the very
 * same answers; however they are changed, no bug, no second answer, and none to a request that did not end.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { INTERNAL_ERROR } from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { fakeServer } from "./fake-socket.ts";
import { plain } from "./plain-server.ts";
import {
  bytes,
  call,
  codeOfGoaway,
  data,
  field,
  HELLO,
  headers,
  isGoaway,
  POST,
  ping,
  reset,
  type SeenFrame,
  windowUpdate,
} from "./raw-client.ts";

const { END_HEADERS, END_STREAM, CONTINUATION, PADDED, frame } = layout;

/** Every kind of frame, answers that are held and let go, fields in the table. */
const PARTS: readonly Buffer[] = [
  HELLO,
  call(1, "one"),
  call(3, "three", Buffer.concat([POST, field("x-kept", "v".repeat(40), 0x40)])),
  call(5, "five", Buffer.concat([POST, bytes("be")])),
  call(7, "five", Buffer.concat([POST, bytes("be")])),
  ping(),
  Buffer.concat([
    headers(9, POST, 0),
    frame(CONTINUATION, 0, 9, field("a", "b")),
    frame(CONTINUATION, END_HEADERS, 9, field("c", "d")),
  ]),
  data(9, "in ", 0),
  data(9, "pieces", 0),
  headers(9, field("trailer", "x"), END_HEADERS | END_STREAM),
  layout.settingsFrame([[layout.INITIAL_WINDOW_SIZE, 3]]),
  call(11, "held"),
  Buffer.concat([headers(13), frame(layout.DATA, END_STREAM | PADDED, 13, bytes("03616263000000"))]),
  windowUpdate(11, 100),
  layout.settingsFrame([[layout.INITIAL_WINDOW_SIZE, 100]]),
  headers(15),
  reset(15),
  frame(0x63, 1, 15, bytes("00")),
  headers(17, Buffer.concat([POST, field("te", "no")])),
  call(19, "x".repeat(300)),
  windowUpdate(19, 1000),
];
const WHOLE = Buffer.concat(PARTS);

function run(chunks: readonly Buffer[]): { frames: SeenFrame[]; written: Buffer; bodies: readonly string[] } {
  const { accept, bodies } = plain();
  const server = fakeServer(accept);
  const socket = server.connect();
  for (const chunk of chunks) socket.feed(chunk);
  const [frames, written] = [socket.frames(), socket.written()];
  socket.destroy();
  void server.stop(0);
  return { frames, written, bodies };
}

const plainly = run([WHOLE]);

it("is answered as it should be when nothing is cut", () => {
  expect(plainly.bodies).toEqual(["one", "three", "five", "five", "in pieces", "held", "abc", "x".repeat(300)]);
  expect(plainly.frames.some(isGoaway)).toBe(false);
  expect([...ended(plainly.frames).keys()].sort((a, b) => a - b)).toEqual([1, 3, 5, 7, 9, 11, 13, 17, 19]);
});

it("single bytes give the same answers", () => {
  expect(run([...WHOLE].map((byte) => Buffer.of(byte))).written).toEqual(plainly.written);
});

it("any cut gives the same answers", () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: WHOLE.length - 1 }), { maxLength: 40 });
  fc.assert(
    fc.property(cuts, (unsorted) => {
      const at = [0, ...unsorted.sort((a, b) => a - b), WHOLE.length];
      expect(run(at.slice(1).map((end, n) => WHOLE.subarray(at[n], end))).written).toEqual(plainly.written);
    }),
    { numRuns: 200 },
  );
});

/** Ends of each stream as we sent them. */
function ended(frames: readonly SeenFrame[]): Map<number, SeenFrame[]> {
  const ends = new Map<number, SeenFrame[]>();
  for (const seen of frames) {
    const isEnd = seen.type === layout.RST_STREAM || (seen.type === layout.HEADERS && (seen.flags & END_STREAM) !== 0);
    if (isEnd) ends.set(seen.stream, [...(ends.get(seen.stream) ?? []), seen]);
  }
  return ends;
}

/** Streams whose requests end in these bytes, read as plainly as possible. */
function endedRequests(sent: Buffer): Set<number> {
  const ids = new Set<number>();
  for (let at = layout.PREFACE.length; at + layout.HEAD <= sent.length; ) {
    const [type, flags = 0] = [sent[at + 3], sent[at + 4]];
    const end = at + layout.HEAD + sent.readUIntBE(at, 3);
    const canEnd = type === layout.DATA || type === layout.HEADERS;
    if (canEnd && (flags & END_STREAM) !== 0 && end <= sent.length) ids.add(layout.readNumber31(sent, at + 5));
    at = end;
  }
  return ids;
}

const change = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant("drop" as const), at: fc.nat(), byte: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant("part" as const), at: fc.nat(), byte: fc.nat() }),
);

it("any change ends in no bug, no second answer, and no answer to what did not end", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(), (changes, cut) => {
      let sent = WHOLE;
      for (const { kind, at, byte } of changes) {
        const place = layout.PREFACE.length + (at % (sent.length - layout.PREFACE.length));
        const [before, after] = [sent.subarray(0, place), sent.subarray(place)];
        if (kind === "set") sent = Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
        else if (kind === "drop") sent = Buffer.concat([before, after.subarray(byte)]);
        else if (kind === "insert") sent = Buffer.concat([before, Buffer.of(byte), after]);
        else sent = Buffer.concat([sent, PARTS[byte % PARTS.length] ?? HELLO]);
      }
      const { frames, bodies } = run([sent.subarray(0, cut % sent.length), sent.subarray(cut % sent.length)]);
      const goaway = frames.filter(isGoaway).map(codeOfGoaway);
      expect(goaway.length).toBeLessThan(2);
      expect(goaway).not.toContain(INTERNAL_ERROR);
      const complete = endedRequests(sent);
      let answers = 0;
      for (const [stream, ends] of ended(frames)) {
        const trailers = ends.filter(({ type }) => type === layout.HEADERS);
        expect(trailers.length).toBeLessThan(2);
        // A refused head is answered before the request's end, with headers alone.
        if (trailers.length === 1 && frames.some(({ type, stream: of }) => type === layout.DATA && of === stream)) {
          answers++;
          expect(complete).toContain(stream);
        }
      }
      expect(answers).toBeLessThanOrEqual(bodies.length);
    }),
    { numRuns: 1500 },
  );
});
