/** Types of pack-data.mjs. */
export const PACKED: number;
export function packData(module: Uint8Array): Uint8Array;
export function packImage(image: Uint8Array): number[];
