import { describe, expect, test } from "vitest";
import { createLog, redact } from "../../ext-authz/observe/log.ts";

describe("the one door to the log", () => {
  test.each([
    ["token eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln in text", "token [token] in text"],
    ["Authorization: Bearer abc.def-123", "Authorization: Bearer [credential]"],
    ["basic dXNlcjpwYXNz!", "basic [credential]!"],
    ["-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- after", "[private key] after"],
    ["-----BEGIN EC PRIVATE KEY-----\nMIIE cut", "[private key]"],
    ["nothing secret", "nothing secret"],
  ])("%j", (text, written) => {
    expect(redact(text)).toBe(written);
  });

  test("writes one JSON line with errors as text, redacted, from the level on", () => {
    const lines: string[] = [];
    const log = createLog(
      "info",
      (line) => lines.push(line),
      () => new Date(0),
    );
    log.debug("unseen");
    log.error("failed", { cause: new Error("got Bearer abc"), long: "x".repeat(10_000) });
    expect(lines).toHaveLength(1);
    const entry = JSON.parse(lines[0] ?? "");
    expect(entry).toMatchObject({ time: "1970-01-01T00:00:00.000Z", level: "error", msg: "failed" });
    expect(entry.cause).toBe("Error: got Bearer [credential]");
    expect(entry.long.length).toBe(4097);
  });
});
