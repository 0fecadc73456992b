/** Ids are random UUIDs, none given twice, made of the bytes that they were given. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newIds } from "../../ext-authz/process/new-ids.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("new ids", () => {
  it("are UUIDs of version 4, each another", () => {
    const next = newIds(randomBytes);
    const ids = Array.from({ length: 2000 }, next);
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("say every random bit but the six that are fixed, in order", () => {
    const given: Buffer[] = [];
    const next = newIds((count) => {
      const bytes = randomBytes(count);
      given.push(Buffer.from(bytes));
      return bytes;
    });
    const ids = Array.from({ length: 600 }, next);
    const said = Buffer.from(ids.join("").replaceAll("-", ""), "hex");
    const expected = Buffer.concat(given).subarray(0, said.length);
    for (let at = 0; at < expected.length; at += 16) {
      expected[at + 6] = ((expected[at + 6] ?? 0) % 16) + 0x40;
      expected[at + 8] = ((expected[at + 8] ?? 0) % 64) + 0x80;
    }
    expect(said.equals(expected)).toBe(true);
  });
});
