// What a filter's author extends: one RootContext for each plugin configuration, one HttpContext for each HTTP request or
// StreamContext for each TCP connection. The defaults let everything pass and refuse nothing.

import { DataStatus, HeadersStatus, PeerType, StreamStatus, TrailersStatus } from "./abi";

/** Callouts and log, which every kind of context can have. */
export abstract class Context {
  contextId: u32;
  // The registry's own: what kind of context it is, and the next one in its chain.
  kind: i32 = 0;
  next: Context | null = null;

  constructor(contextId: u32) {
    this.contextId = contextId;
  }

  /** An answer to `httpCall`; `headers` 0 means that the call failed. */
  onHttpCallResponse(_token: u32, _headers: u32, _bodySize: u32, _trailers: u32): void {}
  onGrpcInitialMetadata(_token: u32, _count: u32): void {}
  onGrpcMessage(_token: u32, _size: u32): void {}
  onGrpcTrailingMetadata(_token: u32, _count: u32): void {}
  /** `status` is the gRPC status code. */
  onGrpcClose(_token: u32, _status: u32): void {}
  /** The stream or plugin ended; false keeps the context until `done()`. */
  onDone(): bool {
    return true;
  }
  /** Time to write an access log; headers and properties can still be read. */
  onLog(): void {}
  onDelete(): void {}
}

export abstract class RootContext extends Context {
  onVmStart(_configurationSize: u32): bool {
    return true;
  }
  /** False refuses the configuration: Envoy then does not start, or keeps the listener it has. */
  onConfigure(_configuration: Uint8Array): bool {
    return true;
  }
  onTick(): void {}
  onQueueReady(_token: u32): void {}
  onForeignFunction(_id: u32, _size: u32): void {}
  /** A null here and from `createStreamContext` means that this stream is refused. */
  createHttpContext(_contextId: u32): HttpContext | null {
    return null;
  }
  createStreamContext(_contextId: u32): StreamContext | null {
    return null;
  }
}

export class HttpContext extends Context {
  root: RootContext;

  constructor(contextId: u32, root: RootContext) {
    super(contextId);
    this.root = root;
  }

  onRequestHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    return HeadersStatus.Continue;
  }
  onRequestBody(_size: u32, _endOfStream: bool): DataStatus {
    return DataStatus.Continue;
  }
  onRequestTrailers(_count: u32): TrailersStatus {
    return TrailersStatus.Continue;
  }
  onResponseHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    return HeadersStatus.Continue;
  }
  onResponseBody(_size: u32, _endOfStream: bool): DataStatus {
    return DataStatus.Continue;
  }
  onResponseTrailers(_count: u32): TrailersStatus {
    return TrailersStatus.Continue;
  }
  /** Goes to the root unless a filter wants it here. */
  onHttpCallResponse(token: u32, headers: u32, bodySize: u32, trailers: u32): void {
    this.root.onHttpCallResponse(token, headers, bodySize, trailers);
  }
}

export class StreamContext extends Context {
  root: RootContext;

  constructor(contextId: u32, root: RootContext) {
    super(contextId);
    this.root = root;
  }

  onNewConnection(): StreamStatus {
    return StreamStatus.Continue;
  }
  onDownstreamData(_size: u32, _endOfStream: bool): StreamStatus {
    return StreamStatus.Continue;
  }
  onUpstreamData(_size: u32, _endOfStream: bool): StreamStatus {
    return StreamStatus.Continue;
  }
  onDownstreamClose(_peer: PeerType): void {}
  onUpstreamClose(_peer: PeerType): void {}
}
