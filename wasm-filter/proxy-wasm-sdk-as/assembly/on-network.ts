// Callbacks of TCP connections. A connection without a context cannot be judged, so it is closed.

import { PeerType, StreamStatus, StreamType } from "./abi";
import { enter, streamOf } from "./registry";
import { closeStream } from "./stream";

export function proxy_on_new_connection(contextId: u32): u32 {
  enter(contextId);
  const stream = streamOf(contextId);
  if (stream !== null) return stream.onNewConnection();
  closeStream(StreamType.Downstream);
  return StreamStatus.StopIteration;
}

export function proxy_on_downstream_data(contextId: u32, size: u32, endOfStream: u32): u32 {
  enter(contextId);
  const stream = streamOf(contextId);
  return stream === null ? StreamStatus.StopIteration : stream.onDownstreamData(size, endOfStream != 0);
}

export function proxy_on_upstream_data(contextId: u32, size: u32, endOfStream: u32): u32 {
  enter(contextId);
  const stream = streamOf(contextId);
  return stream === null ? StreamStatus.StopIteration : stream.onUpstreamData(size, endOfStream != 0);
}

export function proxy_on_downstream_connection_close(contextId: u32, peer: u32): void {
  enter(contextId);
  const stream = streamOf(contextId);
  if (stream !== null) stream.onDownstreamClose(<PeerType>peer);
}

export function proxy_on_upstream_connection_close(contextId: u32, peer: u32): void {
  enter(contextId);
  const stream = streamOf(contextId);
  if (stream !== null) stream.onUpstreamClose(<PeerType>peer);
}
