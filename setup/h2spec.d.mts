/** Types of `h2spec.mjs`, for the TypeScript that uses it. */
export const h2specVersion: string;
export const h2specCommand: string;
export function h2specPath(): string;
export function getH2spec(say?: (text: string) => void): Promise<string>;
