/**
 * The checked-in files and their text. In: the samples. Out: file name → text, byte-stable. No effects: `write.ts`
 * writes them and a test compares them, so that the repository cannot drift from its source.
 */
import { Document, stringify } from "yaml";
import { edgeResources, edgeSettings, zoneResources, zoneSettings } from "../examples/demo/policies.ts";
import { bootstrap } from "./bootstrap.ts";
import { annotate, type Comment, edgeComments, zoneComments } from "./comments.ts";
import { compose } from "./compose.ts";
import type { Config } from "./model.ts";
import { edgeZone, innerZone, placeholder } from "./samples.ts";

const ENVOY = "1.40.0";
/** Inside containers, where nothing but the sample's own network reaches them. */
const listen = { grpc: "0.0.0.0:9191", http: "0.0.0.0:9192" };
const keys = [{ id: "k1", secret: placeholder }];

/** Paths are those in the repository. */
export function files(): ReadonlyMap<string, string> {
  const edge = bootstrap(edgeZone(keys));
  const zone = bootstrap(innerZone(keys));
  return new Map([
    ["envoy/edge.yaml", text("The gateway at the edge: authenticates, mints, stamps.", edge, edgeComments)],
    ["envoy/zone.yaml", text("The micro-gateway of a zone: lets only stamped requests in.", zone, zoneComments)],
    ["envoy/compose.yaml", text("Start: docker compose -f envoy/compose.yaml up --build", compose(ENVOY), [])],
    ...server("edge", edgeSettings(listen), edgeResources("http://oidc:3000")),
    ...server("zone", zoneSettings(listen), zoneResources("http://countersign-edge:9192/.well-known/jwks.json")),
  ]);
}

/** One Countersign server of the sample: its settings and its policies. */
function server(name: string, settings: object, resources: readonly object[]): readonly (readonly [string, string])[] {
  const folder = `examples/demo/config/${name}`;
  const documents = resources.map((resource) => stringify(resource, { lineWidth: 0 })).join("---\n");
  return [
    [
      `${folder}/countersign.yaml`,
      `${header(`Countersign of the ${name}.`)}${stringify({ ...settings, policies: ["./policies.yaml"] })}`,
    ],
    [`${folder}/policies.yaml`, `${header(`What holds in the ${name}.`)}${documents}`],
  ];
}

function text(title: string, config: Config, comments: readonly Comment[]): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  annotate(document, comments);
  return `${header(title)}${document.toString({ lineWidth: 0 })}`;
}

function header(title: string): string {
  return `# ${title}\n# Written by \`npm run render\` from envoy/files.ts: change its sources.\n`;
}
