import { readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDecisionLog } from "../../ext-authz/observe/decision-log.ts";
import { recordOf, remember } from "../../ext-authz/observe/decision-record.ts";
import { openLineFile } from "../../ext-authz/observe/line-file.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { anAllow, ref, rules, seen } from "./fixtures.ts";

const evidence = seen(
  {
    headers: new Map([
      ["authorization", ["Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"]],
      ["x-role", ["a"]],
    ]),
  },
  { iss: "i", sub: "s", role: "reader", ssn: "123" },
);
const kept = rules(["authorization", "x-role"], ["role"]);

function record() {
  const decision = anAllow(ref("a"), [], evidence);
  return recordOf(remember(decision, 1.23456, new Date(0), kept));
}

function logging(sample = 1, random = 0.5) {
  const lines: string[] = [];
  let now = 0;
  const sink = { write: (line: string) => lines.push(line), again: () => {} };
  const log = createDecisionLog({ sample }, { sink, random: () => random, now: () => now });
  return {
    log,
    lines,
    pass: (seconds: number) => {
      now += seconds;
    },
  };
}

describe("the decision log", () => {
  test("a line has what was decided and what policies saw, and no token", () => {
    const { log, lines } = logging();
    log.decided(record);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      type: "decision",
      id: "d1",
      effect: "allow",
      policy: "foo/a[0]",
      revision: "r1",
      judged: true,
      claims: { iss: "i", sub: "s", role: "reader" },
      request: { path: "/", headers: { authorization: ["[masked]"], "x-role": ["a"] }, workload: { namespace: "foo" } },
      milliseconds: 1.235,
    });
    expect(lines.join("")).not.toMatch(/eyJ|123|Bearer/);
    expect(lines[0]?.endsWith("}\n")).toBe(true);
  });

  test.each([
    [0.4, 0],
    [0.6, 1],
  ])("sample %d against chance 0.5 writes %i", (sample, count) => {
    const { log, lines } = logging(sample);
    log.decided(record);
    expect(lines).toHaveLength(count);
  });

  test("a snapshot line says what its records show", () => {
    const { log, lines } = logging();
    log.snapshot("r1", kept);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      type: "snapshot",
      revision: "r1",
      headers: ["x-role"],
      claims: ["iss", "role", "sub"],
      other: false,
    });
  });

  test("changes are written whatever the sample, at most 600 a minute", () => {
    const { log, lines, pass } = logging(0);
    const change = { change: "allow_to_deny", source: "candidate", policy: "foo/c" } as const;
    for (let i = 0; i < 700; i++) log.changed(record(), change, undefined);
    expect(lines).toHaveLength(600);
    pass(60);
    log.changed(record(), change, undefined);
    expect(JSON.parse(lines[600] ?? "")).toMatchObject({
      type: "shadow",
      change: "allow_to_deny",
      by: "foo/c",
      policy: "foo/a[0]",
    });
  });
});

describe("the file of the log", () => {
  let folder: Folder;
  beforeAll(async () => {
    folder = await makeFolder();
  });
  afterAll(() => folder.remove());
  const none = (): void => {
    throw new Error("a line was lost");
  };

  test("takes lines in order, and is its owner's only", async () => {
    const path = join(folder.path, "order");
    const file = await openLineFile(path, 1_000_000, none);
    for (let i = 0; i < 100; i++) file.write(`${i}\n`);
    await file.stop();
    expect(await readFile(path, "utf8")).toBe(Array.from({ length: 100 }, (_, i) => `${i}\n`).join(""));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("goes on where it ended, and begins anew when full, with its head", async () => {
    const path = join(folder.path, "full");
    await writeFile(path, "old\n");
    const file = await openLineFile(path, 12, none);
    file.again(["head\n"]);
    file.write("one\n");
    await file.stop();
    const next = await openLineFile(path, 12, none);
    next.again(["head\n"]);
    next.write("two two two\n");
    await next.stop();
    expect(await readFile(`${path}.1`, "utf8")).toBe("old\none\n");
    expect(await readFile(path, "utf8")).toBe("head\ntwo two two\n");
  });

  test("a disk that does not keep up loses lines, which are counted, and holds nobody up", async () => {
    let lost = 0;
    const file = await openLineFile(join(folder.path, "slow"), 1e9, (lines) => {
      lost += lines;
    });
    const line = `${"x".repeat(1024 * 1024)}\n`;
    for (let i = 0; i < 10; i++) file.write(line);
    await file.stop();
    expect(lost).toBeGreaterThan(0);
  });

  test("a link is not followed", async () => {
    const path = join(folder.path, "link");
    await symlink("/dev/null", path);
    await expect(openLineFile(path, 1000, none)).rejects.toThrow();
  });
});
