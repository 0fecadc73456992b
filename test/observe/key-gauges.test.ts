/** The keys' state as series: numbers for labels, no address, nothing left of a source that is gone. */
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { type KeyState, registerKeyGauges } from "../../ext-authz/observe/key-gauges.ts";

const state: KeyState & { readonly uri: string } = {
  source: 0,
  uri: "https://issuer.example/keys",
  ageSeconds: 7,
  failures: 2,
  keys: 3,
  nextRefreshSeconds: 50,
  servesForSeconds: 900,
  replacing: true,
};

async function textOf(states: readonly KeyState[]): Promise<string[]> {
  const registry = new Registry();
  registerKeyGauges(registry, () => states);
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("one source", async () => {
  expect(await textOf([state])).toEqual([
    'countersign_jwks_sources{state="usable"} 1',
    'countersign_jwks_sources{state="empty"} 0',
    "countersign_jwks_age_seconds 7",
    'countersign_jwks_source_age_seconds{source="0"} 7',
    'countersign_jwks_source_failures{source="0"} 2',
    'countersign_jwks_source_keys{source="0"} 3',
    'countersign_jwks_source_replacing{source="0"} 1',
    'countersign_jwks_source_next_refresh_seconds{source="0"} 50',
    'countersign_jwks_source_serves_for_seconds{source="0"} 900',
  ]);
});

test("series are bounded, sums are not", async () => {
  const many = Array.from({ length: 1000 }, (_, source) => ({ ...state, source, keys: 0 }));
  const lines = await textOf(many);
  expect(lines).toContain('countersign_jwks_sources{state="empty"} 1000');
  expect(lines.filter((line) => line.startsWith("countersign_jwks_source_keys{"))).toHaveLength(200);
});

test("a source that is gone leaves nothing behind", async () => {
  const registry = new Registry();
  let states: readonly KeyState[] = [state, { ...state, source: 1 }];
  registerKeyGauges(registry, () => states);
  expect(await registry.metrics()).toContain('source="1"');
  states = [state];
  expect(await registry.metrics()).not.toContain('source="1"');
});
