/**
 * In: a peer identity, `td/ns/x/sa/y`. Out: every segment that `identity.ts` could take for its namespace or its service
 * account. Pure. An odd identity may have several: all of them count, or a DENY could be dodged by a strange one.
 */
export type PeerPart = "ns" | "sa";

/** The segments that follow one of this name. The first segment has a slash before it: it comes after `spiffe://`. */
export function peerParts(principal: string, part: PeerPart): readonly string[] {
  const segments = principal.split("/");
  return segments.filter((_, index) => index > 0 && segments[index - 1] === part);
}
