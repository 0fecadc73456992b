/** How a gRPC call ends when it ends without an answer. Source: google.rpc.Code; PROTOCOL-HTTP2.md. */

export interface GrpcStatus {
  readonly code: number;
  /** Ours and ASCII: it goes into a header as it is. */
  readonly details: string;
}

export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const RESOURCE_EXHAUSTED = 8;
export const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;
