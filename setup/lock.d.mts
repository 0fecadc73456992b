/** Types of `lock.mjs`, for the TypeScript that uses it. */
export function takeLock(
  path: string,
  options?: { readonly waitMs?: number; readonly onWait?: (owner: number) => void },
): Promise<() => Promise<void>>;
