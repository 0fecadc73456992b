/** Types of `pinned.mjs`, for the TypeScript that uses it. */
export const envoyVersion: string;
export const testedEnvoys: readonly string[];
export function chosenEnvoy(env: NodeJS.ProcessEnv): string | undefined;
export const oldestEnvoy: { readonly major: number; readonly minor: number };
export const wheelHashes: ReadonlyMap<string, readonly string[]>;
