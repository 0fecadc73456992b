/** Heads that are remembered: the same bytes mean the same only as long as the table is the same. */
import { expect, it } from "vitest";
import { HeadReader } from "../../ext-authz/http2/head-reader.ts";
import type { RequestHead } from "../../ext-authz/http2/request-head.ts";
import { bytes, field, POST } from "./raw-client.ts";

const LATEST = Buffer.concat([POST, bytes("be")]);
const read = (heads: HeadReader, block: Buffer): RequestHead | undefined => heads.request(block, 0, block.length);
const adding = (timeout: string): Buffer => Buffer.concat([POST, field("grpc-timeout", timeout, 0x40)]);

it("the same bytes, the same head", () => {
  const heads = new HeadReader();
  read(heads, adding("1S"));
  const first = read(heads, LATEST);
  expect(first?.grpcTimeout).toBe("1S");
  expect(read(heads, Buffer.from(LATEST))).toBe(first);
  expect(read(heads, POST)?.grpcTimeout).toBeUndefined();
  expect(read(heads, LATEST)?.grpcTimeout).toBe("1S");
});

it("the same bytes with another table, another head", () => {
  const heads = new HeadReader();
  read(heads, adding("1S"));
  expect(read(heads, LATEST)?.grpcTimeout).toBe("1S");
  // What enters by a trailer counts too.
  const entry = field("grpc-timeout", "2S", 0x40);
  heads.trailer(entry, 0, entry.length);
  expect(read(heads, LATEST)?.grpcTimeout).toBe("2S");
});

it("a block that changes the table is read each time", () => {
  const heads = new HeadReader();
  const block = adding("1S");
  expect(read(heads, block)?.grpcTimeout).toBe("1S");
  expect(read(heads, block)?.grpcTimeout).toBe("1S");
  // Both times it entered: the second entry is there.
  expect(read(heads, Buffer.concat([POST, bytes("bf")]))?.grpcTimeout).toBe("1S");
  const sized = Buffer.concat([bytes("20"), POST]);
  expect(read(heads, sized)?.path).toBe("/");
  expect(read(heads, LATEST)).toBeUndefined();
});

it("what stands in the caller's bytes later does not matter", () => {
  const heads = new HeadReader();
  const block = Buffer.concat([POST, field("grpc-timeout", "1S")]);
  const same = Buffer.from(block);
  read(heads, block);
  block.fill(0);
  expect(read(heads, same)?.grpcTimeout).toBe("1S");
});
