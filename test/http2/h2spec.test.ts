/** h2spec against the HTTP/2 server, and against the gRPC server on it. In: a binary from the cache. Out: every case passes, but those named. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createUnaryServer } from "../../ext-authz/transport/unary-server.ts";
import { h2specCommand, h2specPath } from "../../setup/h2spec.mjs";
import { plainServer } from "./plain-server.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** @returns the cases that failed, by section and description, and how many there were */
async function h2spec(port: number): Promise<{ failed: string[]; cases: number }> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-h2spec-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const report = join(folder, "report.xml");
  const args = ["-h", "127.0.0.1", "-p", String(port), "-o", "3", "-j", report];
  // Its exit code says only whether something failed.
  await new Promise<void>((resolve) => execFile(h2specPath(), args, { timeout: 50_000 }, () => resolve()));
  const xml = await readFile(report, "utf8");
  const cases = [...xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(\/>|>(.*?)<\/testcase>)/gs)];
  const failed = cases.filter(([, , , , body = ""]) => /<failure|<error/.test(body));
  return { failed: failed.map(([, section, what]) => `${section}: ${what}`), cases: cases.length };
}

/** They hold an answer's body back by the client's windows, and so streams open: our answer to their GET, a 405, has no body. */
const NO_BODY: readonly string[] = [
  "generic/2: Sends a WINDOW_UPDATE frame on half-closed (remote) stream",
  "generic/2: Sends a PRIORITY frame on half-closed (remote) stream",
  "http2/5.1.2: Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded",
];

describe.skipIf(!existsSync(h2specPath()))(`h2spec (skipped without it: ${h2specCommand})`, () => {
  it("the HTTP/2 server", async () => {
    const server = await plainServer();
    ends.push(() => server.stop(0));
    const { failed, cases } = await h2spec(server.port);
    expect(failed).toEqual([]);
    expect(cases).toBeGreaterThan(140);
  });

  it("the gRPC server", async () => {
    const server = createUnaryServer(new Map(), { message: 1000, streams: 100 });
    ends.push(() => server.stop(0));
    const { failed } = await h2spec(await server.listen({ host: "127.0.0.1", port: 0 }));
    expect(failed).toEqual(NO_BODY);
  });
});
