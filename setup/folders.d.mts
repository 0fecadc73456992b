/** Types of `folders.mjs`, for the TypeScript that uses it. */
export const root: string;
export function cacheFolder(folder?: string, env?: NodeJS.ProcessEnv): string;
