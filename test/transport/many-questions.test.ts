/** A client's header that many rules ask for. In: one long value, many questions. Out: how often text is made of its bytes. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { JoinedHeaders } from "../../ext-authz/request/lazy-headers.ts";
import { createCheckRequestDecoder } from "../../ext-authz/transport/decode-check-request.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";

const method = authorizationService["Check"];
if (method === undefined) throw new Error("no Check in the protos");
const decode = createCheckRequestDecoder();
const QUESTIONS = 200;

afterEach(() => vi.restoreAllMocks());

type Line = readonly [name: string, value: Buffer];

function headersOf(lines: readonly Line[]): JoinedHeaders {
  const headers = lines.map(([key, raw_value]) => ({ key, raw_value }));
  const message = method?.requestSerialize({ attributes: { request: { http: { header_map: { headers } } } } });
  const decoded = decode(message ?? Buffer.alloc(0));
  if (!decoded.ok || decoded.value.http === undefined) throw new Error("not readable");
  return new JoinedHeaders(decoded.value.http.headers);
}

const long = (text: string): Buffer => Buffer.from(text.repeat(15_000 / Buffer.byteLength(text)));

describe("a header is read from the wire a few times at the most, however many rules look at it", () => {
  test.each<[string, string, readonly Line[]]>([
    ["a long value beyond ASCII", "x-tier", [["x-tier", long("é")]]],
    ["bytes that are not UTF-8", "x-tier", [["x-tier", Buffer.alloc(15_000, 0xe9)]]],
    ["a long value", "x-tier", [["x-tier", long("a")]]],
    ["many lines", "x-tier", Array.from({ length: 100 }, () => ["x-tier", Buffer.from("é".repeat(60))] as const)],
    [
      "in turn with another",
      "x-other",
      [
        ["x-tier", long("é")],
        ["x-other", Buffer.from("é")],
      ],
    ],
  ])("%s", (_, other, lines) => {
    const headers = headersOf(lines);
    let bytes = 0;
    const { byteLength, from } = Buffer;
    // The two ways in which bytes become text: a look at all of them, and decoding.
    vi.spyOn(Buffer, "byteLength").mockImplementation((text) => {
      if (typeof text === "string") bytes += text.length;
      return byteLength(text);
    });
    vi.spyOn(Buffer, "from").mockImplementation(((text: string, encoding: BufferEncoding) => {
      bytes += text.length;
      return from(text, encoding);
    }) as never);
    for (let n = 0; n < QUESTIONS; n++) {
      headers.get("x-tier");
      headers.get(other);
    }
    vi.restoreAllMocks();
    // Some readings of the whole, not one for each question.
    expect(bytes).toBeLessThan(20 * 15_000);
  });

  test("lines that a filter sees joined are joined once", () => {
    const headers = headersOf(Array.from({ length: 20_000 }, () => ["accept", Buffer.from("a")] as const));
    const join = vi.spyOn(Array.prototype, "join");
    for (let n = 0; n < QUESTIONS; n++) headers.get("accept");
    const joined = join.mock.calls.length;
    vi.restoreAllMocks();
    expect(joined).toBeLessThan(20);
  });
});
