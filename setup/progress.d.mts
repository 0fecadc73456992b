/** Types of `progress.mjs`, for the TypeScript that uses it. */
export function progressBar(
  label: string,
  stream?: { readonly isTTY?: boolean; readonly write: (text: string) => unknown },
): { update(done: number, total: number): void; end(): void };
