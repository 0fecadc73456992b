/**
 * A description to files, for one target. In: description, facts, target, how the files are called from where they will lie.
 * Out: file name → text, byte-stable, or every problem. Pure: nothing is read or written here.
 */

import { bootstrap } from "../../envoy/bootstrap.ts";
import { commentsOf } from "../../envoy/comments.ts";
import type { Zone } from "../../envoy/model.ts";
import { head, yamlText } from "../../envoy/text.ts";
import { xdsFiles } from "../../envoy/xds.ts";
import type { Problem } from "../resources/resource.ts";
import { ok, type Result } from "../result.ts";
import { composeFile } from "./compose.ts";
import type { Facts } from "./facts.ts";
import { istioFiles } from "./istio.ts";
import { gatewayFiles, kumaFiles } from "./other-meshes.ts";
import { plainPlacement } from "./placement.ts";
import type { ReadDescription } from "./read-description.ts";
import { zonesOf } from "./zones.ts";

export const TARGETS = ["envoy", "xds", "compose", "istio", "envoy-gateway", "kuma"] as const;
export type Target = (typeof TARGETS)[number];

export interface Origin {
  /** The description, as seen from the folder that is written. */
  readonly source: string;
  /** Folder of a server's settings and the file in it, as seen from the folder that is written. */
  readonly settings: (server: string) => { readonly folder: string; readonly file: string };
}

export interface RenderedFile {
  readonly text: string;
  /** It holds a key: for the proxy's eyes only. */
  readonly secret: boolean;
}

export type Rendered = ReadonlyMap<string, RenderedFile>;

/** The head of every file says this: what bears it is ours to replace and to remove. */
export function originOf(target: Target, { source }: Origin): string {
  return `\`countersign render --target ${target}\` from ${source}`;
}

export function render(
  read: ReadDescription,
  facts: Facts,
  target: Target,
  origin: Origin,
): Result<Rendered, readonly Problem[]> {
  const by = originOf(target, origin);
  if (target === "istio") return istioFiles(read, facts, by);
  if (target === "envoy-gateway") return gatewayFiles(read, facts, by);
  if (target === "kuma") return kumaFiles(read, facts, by);
  const placement = { ...plainPlacement(read.description), mayHoldSecrets: target !== "compose" };
  const zones = zonesOf(read, facts, placement);
  if (!zones.ok) return zones;
  const sums = checksums(zones.value, facts);
  if (target === "xds") {
    return ok(new Map([...xds(zones.value, read.description.folder ?? "/etc/countersign", by), ...sums]));
  }
  const proxies = zones.value.map((zone) => [`${zone.name}.yaml`, proxy(zone, by)] as const);
  if (target === "envoy") return ok(new Map([...proxies, ...sums]));
  const composed = composeFile(read, zones.value, by, origin);
  return composed.ok ? ok(new Map([...proxies, ["compose.yaml", composed.value]])) : composed;
}

function proxy(zone: Zone, by: string): RenderedFile {
  const title = zone.inbound === "edge" ? "clients come in here" : "only stamped requests come in here";
  const text = `${head(`Envoy of the zone ${zone.name}: ${title}.`, by)}${yamlText(bootstrap(zone), commentsOf(zone))}`;
  return { text, secret: holdsSecret(zone) };
}

const XDS_TITLES: Readonly<Record<string, string>> = {
  "envoy.yaml": "start Envoy with this; all else it reads again when it changes.",
  "lds.yaml": "listeners.",
  "cds.yaml": "clusters.",
  "guard.yaml": "the guard's settings and keys.",
  "stamp.yaml": "the stamp's settings and keys.",
};

function xds(zones: readonly Zone[], folder: string, by: string): Rendered {
  return new Map(
    zones.flatMap((zone) =>
      [...xdsFiles(zone, `${folder}/${zone.name}`)].map(([file, config]) => {
        const title = head(`Zone ${zone.name}: ${XDS_TITLES[file] ?? file}`, by);
        const stand = file === "guard.yaml" || file === "stamp.yaml";
        return [
          `${zone.name}/${file}`,
          { text: `${title}${yamlText(config)}`, secret: stand && holdsSecret(zone) },
        ] as const;
      }),
    ),
  );
}

/** For `sha256sum -c` before Envoy starts: Envoy itself checks no file. */
function checksums(zones: readonly Zone[], { filterSha256 }: Facts): Rendered {
  const files = new Set(zones.map(({ filter }) => filter).filter((filter) => typeof filter === "string"));
  const text = [...files].map((file) => `${filterSha256}  ${file}\n`).join("");
  return new Map([["countersign.wasm.sha256", { text, secret: false }]]);
}

function holdsSecret({ accepts, stamps }: Zone): boolean {
  const rings = [accepts, accepts?.responses, stamps, stamps?.responses];
  return rings.flatMap((ring) => ring?.keys ?? []).some((key) => "secret" in key || "privateKey" in key);
}
