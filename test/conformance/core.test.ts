/** Istio's own behaviour, case by case, at the pure core. The same table runs over gRPC and through Envoy. */
import { describe, expect, test } from "vitest";
import { answer } from "../../ext-authz/respond/answer.ts";
import { fillCase, readCases } from "./cases.ts";
import { checkFor, incomingOf } from "./harness.ts";

const NOW = 1_790_000_000;

describe.each(["istio-authn", "istio-authz"] as const)("%s", (file) => {
  test.each(readCases(file).map((source) => [source.name, source] as const))("%s", async (_, source) => {
    const filled = fillCase(source, NOW);
    const decision = await checkFor(filled, NOW)(incomingOf(filled), AbortSignal.timeout(5000));
    const given = answer(decision);
    const status = given.kind === "allow" ? 200 : given.reply.status;
    expect({ status, why: decision }).toMatchObject({ status: source.expect.status });
    if (given.kind === "allow") {
      const set = new Map(given.changes.set);
      for (const [name, value] of filled.expectedHeaders) {
        const before = filled.headers
          .filter(([key]) => key.toLowerCase() === name)
          .map(([, line]) => line)
          .join(",");
        const after = set.get(name) ?? (given.changes.remove.includes(name) ? null : before === "" ? null : before);
        expect([name, after]).toEqual([name, value]);
      }
      return;
    }
    if (source.expect.body !== undefined)
      expect(JSON.parse(given.reply.body)).toMatchObject({ detail: source.expect.body });
    const challenge = new Map(given.reply.headers).get("www-authenticate") ?? "";
    expect(challenge).toContain(source.expect.www_authenticate_contains ?? "");
  });
});
