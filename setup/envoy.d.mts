/** Types of `envoy.mjs`, for the TypeScript that uses it. */
export interface Envoy {
  readonly path: string;
  readonly version: string;
  readonly origin: "ENVOY_BIN" | "PATH" | "cache" | "wheel" | "image";
}

export interface Find {
  readonly env?: NodeJS.ProcessEnv;
  readonly cache?: string;
  readonly version?: string;
}

export class EnvoyMissing extends Error {
  readonly ways: readonly { readonly way: string; readonly why: string }[];
}

export function findEnvoy(options?: Find): Promise<Envoy>;
export function getEnvoy(
  options?: Find & { readonly onProgress?: (done: number, total: number) => void },
): Promise<Envoy>;
