/**
 * All that checks look at, found once. In: documents. Out: typed configurations, chains, clusters' chains, admin addresses,
 * Kubernetes objects, MeshConfigs. Pure.
 * In a `/config_dump` each thing is looked at once: what drains or failed is not in force, and what the bootstrap and the
 * listeners both show is taken from the listeners.
 */
import { type Chain, chainOf, type Filter, filtersOf } from "./chain.ts";
import { below, type ConfigDocument, child, type Frame, isNamed, isRecord, items, rootOf, textOf } from "./frame.ts";
import { TYPES, type Typed, typedAt } from "./typed.ts";

export interface KubernetesObject {
  readonly kind: string;
  readonly frame: Frame;
}

export interface Survey {
  readonly typed: readonly Typed[];
  readonly chains: readonly Chain[];
  /** Upstream HTTP filter chains of clusters. */
  readonly upstreamChains: readonly (readonly Filter[])[];
  readonly hasClusters: boolean;
  readonly admins: readonly Frame[];
  readonly objects: readonly KubernetesObject[];
  /** Lists of `extensionProviders`. */
  readonly providers: readonly Frame[];
  readonly hasMeshConfig: boolean;
  /** Documents in which nothing of Envoy's or Istio's was found. */
  readonly unknown: readonly ConfigDocument[];
}

export function surveyOf(documents: readonly ConfigDocument[]): Survey {
  const typed: Typed[] = [];
  const objects: KubernetesObject[] = [];
  const providers: Frame[] = [];
  const unknown: ConfigDocument[] = [];
  const admins: Frame[] = [];
  let hasClusters = false;
  let hasMeshConfig = false;
  for (const document of documents) {
    const root = rootOf(document);
    let known = ["static_resources", "dynamic_resources", "admin", "resources", "configs"].some(
      (name) => child(root, name) !== undefined,
    );
    for (const frame of below(root, skipIn(root))) {
      const found = typedAt(frame);
      if (found !== undefined) typed.push(found);
      const object = kubernetesObject(frame);
      if (object !== undefined) objects.push(object);
      if (isNamed(frame, "extension_providers")) providers.push(frame);
      hasClusters ||= found?.type === TYPES.cluster || isClusterList(frame);
      if (isAdmin(frame)) admins.push(frame);
      const isMesh = isNamed(frame, "mesh_config") || isNamed(frame, "extension_providers") || isEmbeddedMesh(frame);
      hasMeshConfig ||= isMesh;
      known ||= found !== undefined || object !== undefined || isMesh;
    }
    if (!known) unknown.push(document);
  }
  const chains = typed.filter(({ type }) => type === TYPES.manager).map(({ config }) => chainOf(config));
  const options = typed.filter(({ type }) => type === TYPES.httpOptions);
  const upstreamChains = options.map(({ config }) => filtersOf(child(config, "http_filters")));
  return { typed, chains, upstreamChains, hasClusters, admins, objects, providers, hasMeshConfig, unknown };
}

function isClusterList({ key, parent }: Frame): boolean {
  return key === "clusters" && parent !== undefined && isNamed(parent, "static_resources");
}

function isAdmin(frame: Frame): boolean {
  const inBootstrap = frame.parent?.parent === undefined || (frame.parent && isNamed(frame.parent, "bootstrap"));
  return frame.key === "admin" && inBootstrap === true && isRecord(frame.value);
}

/** `data.mesh` of Istio's ConfigMap. */
function isEmbeddedMesh({ parent, document }: Frame): boolean {
  return parent === undefined && document.base.at(-1) === "mesh";
}

/** Istio's: the document itself, or an item of a List. */
function kubernetesObject(frame: Frame): KubernetesObject | undefined {
  const { parent } = frame;
  const isTop = parent === undefined || (parent.key === "items" && parent.parent?.parent === undefined);
  const group = isTop ? textOf(child(frame, "api_version")) : undefined;
  const kind = textOf(child(frame, "kind"));
  return kind === undefined || group?.includes("istio.io/") !== true ? undefined : { kind, frame };
}

function skipIn(root: Frame): (frame: Frame) => boolean {
  const configs = items(child(root, "configs"));
  const isScalar = ({ value }: Frame): boolean => typeof value !== "object" || value === null;
  if (configs.length === 0) return isScalar;
  const hasListeners = configs.some((config) => typedAt(config)?.type === TYPES.listenersDump);
  const twice = (frame: Frame): boolean =>
    (frame.key === "static_resources" && frame.parent?.key === "bootstrap") || frame.key === "static_route_configs";
  const over = ({ key }: Frame): boolean => key === "draining_state" || key === "error_state";
  return (frame) => isScalar(frame) || over(frame) || (hasListeners && twice(frame));
}
