/**
 * Frames that RFC 9113 does not allow, and odd ones that it does, against the real server on a real socket. In: bytes. Out: how the
 * connection or the stream ends; where only the stream does, the connection still answers, and in any case a new one does.
 */
import { afterEach, describe, expect, it, test } from "vitest";
import * as code from "../../ext-authz/http2/error-codes.ts";
import * as layout from "../../ext-authz/http2/frame-layout.ts";
import { ODD_FRAMES } from "./odd-frames.ts";
import { plainServer } from "./plain-server.ts";
import {
  bytes,
  call,
  codeOfGoaway,
  data,
  endOf,
  field,
  HELLO,
  headers,
  isGoaway,
  POST,
  ping,
  type RawClient,
  rawClient,
  reset,
  resetOf,
  SETTINGS,
} from "./raw-client.ts";
import { CONNECTION_ERRORS, STREAM_ERRORS, WRONG_BEGINNINGS } from "./wrong-frames.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function opened(): Promise<{ client: RawClient; port: number; bodies: readonly string[] }> {
  const server = await plainServer({ maxStreams: 10 });
  ends.push(() => server.stop(0));
  const client = rawClient(server.port);
  ends.push(client.end);
  return { client, port: server.port, bodies: server.bodies };
}

async function stillAnswers(port: number): Promise<void> {
  const client = rawClient(port);
  ends.push(client.end);
  client.send(HELLO, call(1));
  expect((await client.until(endOf(1))).type).toBe(layout.HEADERS);
}

describe("what ends a connection", () => {
  test.each([
    ...WRONG_BEGINNINGS,
    ...CONNECTION_ERRORS.map(([name, sent, why]) => [name, Buffer.concat([SETTINGS, sent]), why] as const),
  ])("%s", async (_, sent, why) => {
    const { client, port } = await opened();
    client.send(layout.PREFACE, sent);
    expect(codeOfGoaway(await client.until(isGoaway))).toBe(why);
    await client.closed;
    await stillAnswers(port);
  });
});

describe("what ends a stream", () => {
  test.each(STREAM_ERRORS)("%s", async (_, sent, why) => {
    const { client } = await opened();
    client.send(HELLO, sent);
    expect((await client.until(resetOf(1))).payload.readUInt32BE(0)).toBe(why);
    client.send(call(3));
    expect((await client.until(endOf(3))).type).toBe(layout.HEADERS);
    expect(client.seen.some(isGoaway)).toBe(false);
  });

  it("streams above the maximum are refused, the others are answered", async () => {
    const { client } = await opened();
    const ids = Array.from({ length: 12 }, (_, n) => 2 * n + 1);
    client.send(HELLO, ...ids.map((id) => headers(id)), ...ids.map((id) => data(id, "x")));
    for (const id of ids) {
      const end = await client.until(endOf(id));
      expect(end.type === layout.RST_STREAM ? end.payload.readUInt32BE(0) : "answer").toBe(
        id > 20 ? code.REFUSED_STREAM : "answer",
      );
    }
  });

  it("a header list that is too large is a 431, and the table is as it would be", async () => {
    const { client, bodies } = await opened();
    const large = field("x-large", "y".repeat(3000), 0x40);
    // Indexed six times: 18 kB of header list in six bytes.
    client.send(
      HELLO,
      call(1, "x", Buffer.concat([POST, large, bytes("bebebebebebe")])),
      call(3, "x", Buffer.concat([POST, bytes("be")])),
    );
    await client.until(endOf(1));
    expect(client.text()).toContain("431");
    // Answered before its end: the rest is not wanted (§8.1).
    expect((await client.until(resetOf(1))).payload.readUInt32BE(0)).toBe(code.NO_ERROR);
    await client.until(endOf(3));
    expect(bodies).toEqual(["x"]);
  });
});

describe("what is odd and allowed", () => {
  test.each(ODD_FRAMES)("%s", async (_, sent) => {
    const { client, bodies } = await opened();
    client.send(HELLO, sent, ping());
    const end = await client.until(endOf(1));
    await client.until(({ type }) => type === layout.PING);
    expect(end.type).toBe(layout.HEADERS);
    expect(bodies).toEqual(["x"]);
    expect(client.text()).toContain("/=x");
    expect(client.seen.some(isGoaway)).toBe(false);
  });

  it("our SETTINGS come first, the client's are acknowledged before what follows", async () => {
    const { client } = await opened();
    client.send(HELLO, call(1));
    await client.until(endOf(1));
    expect(client.seen.slice(0, 3).map(({ type, flags }) => [type, flags])).toEqual([
      [layout.SETTINGS, 0],
      [layout.WINDOW_UPDATE, 0],
      [layout.SETTINGS, layout.ACK],
    ]);
  });

  it("frames of a stream that we reset may still come", async () => {
    const { client } = await opened();
    client.send(HELLO, headers(1, Buffer.concat([POST, field("te", "gzip")])), data(1, "x", 0), reset(1), data(1, "x"));
    client.send(headers(1, field("later", "entry", 0x40), layout.END_HEADERS | layout.END_STREAM));
    client.send(call(3, "x", Buffer.concat([POST, bytes("be")])));
    expect((await client.until(endOf(3))).type).toBe(layout.HEADERS);
  });
});

describe("who does not speak HTTP/2", () => {
  test.each([
    ["HTTP/1.1", "POST /x HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 505 "],
    [
      "an upgrade to h2c",
      "GET / HTTP/1.1\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
      "HTTP/1.1 505 ",
    ],
    ["a TLS handshake", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", "\u0000\u0000\u0008\u0007"],
    ["almost the preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rx", "\u0000\u0000\u0008\u0007"],
  ])("%s", async (_, text, begin) => {
    const { client, port } = await opened();
    client.send(Buffer.from(text, "latin1"));
    await client.closed;
    expect(client.text().startsWith(begin)).toBe(true);
    await stillAnswers(port);
  });
});
