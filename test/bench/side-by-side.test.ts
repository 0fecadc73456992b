import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startAlwaysAllow } from "../../bench/peers/always-allow.ts";
import type { CheckServer } from "../../bench/peers/check-server.ts";
import { wrongAnswer } from "../../bench/peers/direct-check.ts";
import { startIssuer } from "../../bench/peers/issuer.ts";
import { samples } from "../../bench/peers/work.ts";
import { WITH_FEW } from "../../bench/side-by-side/direct.ts";
import { efforts } from "../../bench/side-by-side/effort.ts";
import { GRANTED_FEW } from "../../bench/side-by-side/end-to-end.ts";
import { ON_END, PAIR } from "../../bench/side-by-side/open-load.ts";
import { type Findings, pages } from "../../bench/side-by-side/pages.ts";
import { names } from "../../bench/side-by-side/proxies.ts";
import { compare } from "../../bench/side-by-side.ts";
import { findPeer, peerNames } from "../../setup/peers.mjs";
import { type Folder, makeFolder } from "../support/folder.ts";

const NOW = Math.floor(Date.now() / 1000);

describe("the whole bench in little", () => {
  let findings: Findings;
  let cached: readonly string[];
  beforeAll(async () => {
    const found = await Promise.all(peerNames.map(async (name) => ((await findPeer(name)) ? [name] : [])));
    cached = found.flat();
    // It answers every sample rightly, or throws before anything is timed.
    findings = await compare(efforts.least, () => {});
  }, 240_000);
  const subjects = (scenario: string): readonly string[] =>
    findings.results.filter((one) => one.scenario === scenario).map(({ subject }) => subject);

  test("each scenario has its subjects", () => {
    const direct = ["countersign", ...cached];
    const all = [...Object.values(names), ...cached];
    expect(subjects("direct: cold tokens, RS256")).toEqual(direct);
    expect(subjects("direct: cold tokens, ES256")).toEqual(direct);
    expect(subjects("direct: one token, ES256")).toEqual(direct);
    expect(subjects("direct: 60 tokens")).toEqual([...direct, WITH_FEW]);
    expect(subjects("direct: 60 headers")).toEqual(direct);
    expect(subjects("HTTP/2: one token")).toEqual(all);
    expect(subjects("HTTP/2: cold tokens")).toEqual(all.filter((name) => name !== names.bare && name !== names.asked));
    expect(subjects("HTTP/2: 60 tokens")).toEqual([
      ...all.filter((name) => name.startsWith("jwt_authn") || name.startsWith("countersign")),
      GRANTED_FEW,
    ]);
    expect(subjects("HTTP/2, open: 1,000/s")).toEqual(all);
    for (const scenario of [PAIR, ON_END]) expect(subjects(scenario)).toEqual([names.bare, names.granted]);
  });

  // Our server turns checks away with 503 when it has no time for them: on a busy machine that is right, too.
  const ours: ReadonlySet<string> = new Set(["countersign", WITH_FEW, names.asked, names.granted, GRANTED_FEW]);

  test("answers were allows", () => {
    for (const { scenario, subject, rate, wrong } of findings.results) {
      expect([scenario, subject, rate > 0]).toEqual([scenario, subject, true]);
      const open = scenario.includes("open");
      if (!open && !ours.has(subject)) expect([scenario, subject, wrong]).toEqual([scenario, subject, 0]);
    }
  });

  test("goals name what was measured; what is not built is named with the way to get it", () => {
    const what = findings.goals.map((goal) => goal.what);
    for (const name of [names.bare, names.native, names.nativeCached, names.floor, ...cached]) {
      expect(what).toContain(`granted over ${name}, HTTP/2`);
    }
    for (const name of cached) expect(what).toContain(`Check over ${name}, cold tokens`);
    const missing = peerNames.filter((name) => !cached.includes(name));
    for (const name of missing) expect(findings.remarks.join()).toContain(`node setup/peers.mjs ${name}`);
    expect(findings.remarks[0]).toMatch(/^Of equal requests, \d+% were answered by a grant/);
  });

  test("pages have equal columns in each row", () => {
    for (const { title, rows } of pages(findings)) {
      const columns = Object.keys(rows[0] ?? {});
      expect(columns.length, title).toBeGreaterThan(1);
      for (const row of rows) expect(Object.keys(row), title).toEqual(columns);
    }
  });
});

describe("what is wrong is found before it is timed", () => {
  let folder: Folder;
  let server: CheckServer;
  let stopIssuer: () => Promise<void>;
  let wrong: ReadonlyMap<string, string | undefined>;
  beforeAll(async () => {
    folder = await makeFolder();
    server = await startAlwaysAllow(folder.path);
    const issuer = await startIssuer(NOW);
    stopIssuer = issuer.stop;
    const asked = (await samples(issuer, "ES256")).map(async (sample) => {
      return [sample.name, await wrongAnswer(server, sample)] as const;
    });
    wrong = new Map(await Promise.all(asked));
  });
  afterAll(async () => {
    await server.child.stop();
    await stopIssuer();
    await folder.remove();
  });

  test("a server that allows everything", () => {
    for (const [name, what] of wrong) expect(what, name).toMatch(/allowed|x-user is undefined/);
    expect(wrong.size).toBe(11);
  });
});
