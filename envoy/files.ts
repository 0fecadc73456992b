/**
 * The checked-in files and their text. In: the sample. Out: file name → text, byte-stable. No effects: `write.ts` writes them
 * and a test compares them, so that the repository cannot drift from its source.
 */
import { stringify } from "yaml";
import { edgeResources, edgeSettings, zoneResources, zoneSettings } from "../examples/demo/policies.ts";
import type { Facts, ServerFacts } from "../ext-authz/render/facts.ts";
import { render, type Target } from "../ext-authz/render/render.ts";
import { edgeIssuer, edgeJwks, listen, sample, sampleFacts } from "./samples.ts";
import { head } from "./text.ts";

const ORIGIN = "`npm run render` from examples/demo/policies.ts";

/** Paths are those in the repository. */
export function files(): ReadonlyMap<string, string> {
  const edge = server("edge", edgeSettings(listen), edgeResources(edgeIssuer));
  const zone = server("zone", zoneSettings(listen), zoneResources(edgeJwks));
  const facts = { ...sampleFacts, servers: new Map([...withFiles("edge", edge), ...withFiles("zone", zone)]) };
  return new Map([
    ...rendered("compose", "envoy", facts),
    ...rendered("istio", "envoy/istio", facts),
    ...rendered("envoy-gateway", "envoy/gateway-api", facts),
    ...rendered("kuma", "envoy/kuma", facts),
    ...[...edge, ...zone].map(({ folder, file, text }) => [`${folder}/${file}`, text] as const),
  ]);
}

interface ServerFile {
  readonly folder: string;
  readonly file: string;
  readonly text: string;
}

function withFiles(name: string, files: readonly ServerFile[]): readonly (readonly [string, ServerFacts])[] {
  const facts = sampleFacts.servers.get(`countersign-${name}`);
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  return facts === undefined ? [] : [[`countersign-${name}`, { ...facts, files: texts }]];
}

/** As `countersign render` writes it with the folder as `--out`. */
function rendered(target: Target, folder: string, facts: Facts): readonly (readonly [string, string])[] {
  const up = folder.replace(/[^/]+/g, "..");
  const made = render(sample, facts, target, {
    source: `${up}/examples/demo/countersign.zones.yaml`,
    settings: (name) => ({
      folder: `${up}/examples/demo/config/${name.replace("countersign-", "")}`,
      file: "countersign.yaml",
    }),
  });
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return [...made.value].map(([file, { text }]) => [`${folder}/${file}`, text] as const);
}

/** One Countersign server of the sample: its settings and its policies. */
function server(name: string, settings: object, resources: readonly object[]): readonly ServerFile[] {
  const folder = `examples/demo/config/${name}`;
  const documents = resources.map((resource) => stringify(resource, { lineWidth: 0 })).join("---\n");
  const own = `${head(`Countersign of the ${name}.`, ORIGIN)}${stringify({ ...settings, policies: ["./policies.yaml"] })}`;
  return [
    { folder, file: "countersign.yaml", text: own },
    { folder, file: "policies.yaml", text: `${head(`What holds in the ${name}.`, ORIGIN)}${documents}` },
  ];
}
