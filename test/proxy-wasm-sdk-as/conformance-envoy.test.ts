/** The conformance table in real Envoy, where one is found. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findEnvoy } from "../../setup/envoy.mjs";
import { compile, example } from "./compile.ts";
import { bodyAnswer, conformanceCases } from "./conformance-cases.ts";
import { ask, type EnvoyProcess, startEnvoy } from "./envoy-process.ts";

const found = await findEnvoy().then(
  (envoy: { path: string }) => envoy.path,
  () => undefined,
);

describe.runIf(found)("in Envoy", () => {
  let envoy: EnvoyProcess | undefined;
  beforeAll(async () => {
    envoy = await startEnvoy(found ?? "", await compile(example("probe")), "probe");
  });
  afterAll(() => envoy?.stop());

  test.each(conformanceCases)("$title", async ({ headers = [], probe, answer }) => {
    const got = await ask(envoy?.port ?? 0, [["x-probe", probe], ...headers]);
    expect(got).toMatchObject({ status: 200, body: answer });
  });

  test("a local reply passes the response callbacks of the filter that sent it", async () => {
    const got = await ask(envoy?.port ?? 0, [["x-probe", "clock"]]);
    expect(got.headers).toMatchObject({ "x-t-probe": "yes", "x-t-response": "seen", "content-type": "text/probe" });
  });

  test("a body is read by range and changed at both ends, not in the middle", async () => {
    const got = await ask(envoy?.port ?? 0, [["x-probe", "body"]], ["abc", "def"]);
    expect(got).toMatchObject({ status: 200, body: bodyAnswer });
  });

  test("a trap refuses this and every later request", async () => {
    expect((await ask(envoy?.port ?? 0, [["x-probe", "trap"]])).status).toBe(503);
    expect((await ask(envoy?.port ?? 0, [])).status).toBe(503);
  });
});
