/** Types of `peers.mjs`, for the TypeScript that uses it. */
export const peerNames: readonly string[];
export const peersCommand: string;
export interface Peer {
  readonly path: string;
  readonly version: string;
}
export function findPeer(name: string): Promise<Peer | undefined>;
export function getPeer(name: string, say?: (text: string) => void): Promise<Peer>;
