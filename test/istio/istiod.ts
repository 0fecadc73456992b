/**
 * A real istiod that reads a folder instead of Kubernetes. In: the binary, the folder of manifests, the mesh's settings.
 * Out: where its ADS listens. Effects: a process and files in a folder of its own. All addresses are free ones on
 * loopback; it opens no other.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Child, startChild } from "../../examples/demo/child.ts";

const START_MS = 60_000;

export interface RunningIstiod {
  readonly child: Child;
  /** The discovery service without TLS. */
  readonly port: number;
}

/** What a stock Envoy does not know: filters that only Istio's own build of it has. */
const stockEnvoy = { PILOT_ENABLE_ALPN_FILTER: "false", PILOT_ENABLE_METADATA_EXCHANGE: "false" };
const alone = { ENABLE_CA_SERVER: "false", POD_NAMESPACE: "istio-system", INJECT_ENABLED: "false" };
/** A change in the folder is pushed at once: tests wait for it. */
const prompt = { PILOT_DEBOUNCE_AFTER: "20ms", PILOT_DEBOUNCE_MAX: "200ms" };

export interface IstiodSettings {
  readonly mesh: object;
  /** Gateways get the clusters that their routes need, and no more: what large meshes ask for. */
  readonly fewClusters: boolean;
}

/** @throws StartError with what istiod said. */
export async function startIstiod(
  binary: string,
  manifests: string,
  { mesh, fewClusters }: IstiodSettings,
  folder: string,
): Promise<RunningIstiod> {
  const meshFile = join(folder, "mesh.yaml");
  await writeFile(meshFile, stringify(mesh));
  const args = [
    "discovery",
    "--registries=",
    `--configDir=${manifests}`,
    `--meshConfig=${meshFile}`,
    "--profile=false",
  ];
  const addresses = ["--grpcAddr=127.0.0.1:0", "--httpAddr=127.0.0.1:0", "--monitoringAddr=127.0.0.1:0"];
  const closed = ["--secureGRPCAddr=", "--httpsAddr=", "--ctrlz_port=0", "--log_target=stdout"];
  const asked = { PILOT_FILTER_GATEWAY_CLUSTER_CONFIG: String(fewClusters) };
  const environment = { ...stockEnvoy, ...alone, ...prompt, ...asked };
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const child = startChild("istiod", "/usr/bin/env", [...settings, binary, ...args, ...addresses, ...closed], folder);
  try {
    const port = await child.line(
      (line) => /starting gRPC discovery service at 127\.0\.0\.1:(\d+)/.exec(line)?.[1],
      START_MS,
    );
    return { child, port: Number(port) };
  } catch (error) {
    await child.stop();
    throw error;
  }
}
