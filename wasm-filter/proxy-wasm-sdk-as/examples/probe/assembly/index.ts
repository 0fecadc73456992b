// A filter that does what the request header `x-probe` says ("set:x-t-a=1;pairs") and answers with one line for each command.
// The tests run one table of such requests in the Node host and in Envoy.

import {
  addHeader,
  BufferType,
  bufferSize,
  bytesOf,
  continueStream,
  DataStatus,
  dequeue,
  getBuffer,
  getHeader,
  grpcCall,
  grpcService,
  HeadersStatus,
  HttpContext,
  httpCall,
  LogLevel,
  log,
  MapType,
  RootContext,
  registerRoot,
  removeHeader,
  resetStream,
  Status,
  StreamContext,
  StreamStatus,
  StreamType,
  sendLocalResponse,
  setBuffer,
  setHeader,
  setSharedData,
  setTickPeriod,
  TrailersStatus,
  textOf,
} from "proxy-wasm-sdk-as/assembly";
import { run } from "./commands";
import { pairs, shown } from "./shown";

export * from "proxy-wasm-sdk-as/assembly/exports";

class Probe extends HttpContext {
  /** Whether the body callback is to say what it can still read of the headers. */
  private late: bool = false;

  onRequestHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    this.late = getHeader(MapType.RequestHeaders, "x-late") !== null;
    const command = getHeader(MapType.RequestHeaders, "x-probe");
    if (command === null) return HeadersStatus.Continue;
    if (command == "grpc-call") return this.grpcCall();
    if (command == "body") return HeadersStatus.StopIteration;
    if (command == "call") return this.call();
    if (command == "trap") assert(false, "asked for");
    if (command == "reset") {
      resetStream(StreamType.Request);
      return HeadersStatus.StopIteration;
    }
    const steps = command.split(";");
    let answer = "";
    for (let i = 0; i < steps.length; i++) answer += run(steps[i]) + "\n";
    sendLocalResponse(200, "probe_answer", bytesOf(answer), [
      ["x-t-probe", "yes"],
      ["content-type", "text/probe"],
    ]);
    return HeadersStatus.StopIteration;
  }

  onRequestBody(_size: u32, endOfStream: bool): DataStatus {
    if (!endOfStream) return DataStatus.StopIterationAndBuffer;
    if (this.late) {
      const read = getHeader(MapType.RequestHeaders, "x-late");
      setBuffer(BufferType.HttpRequestBody, u32.MAX_VALUE, 0, bytesOf(read === null ? "(none)" : read));
      return DataStatus.Continue;
    }
    const size = bufferSize(BufferType.HttpRequestBody);
    const part = shown(getBuffer(BufferType.HttpRequestBody, 1, 3));
    const outside = setBuffer(BufferType.HttpRequestBody, 1, 1, bytesOf("?"));
    setBuffer(BufferType.HttpRequestBody, 0, 0, bytesOf("<"));
    setBuffer(BufferType.HttpRequestBody, u32.MAX_VALUE, 0, bytesOf(">"));
    const whole = shown(getBuffer(BufferType.HttpRequestBody, 0, 100));
    const text = size.toString() + " " + part + " " + outside.toString() + " " + whole + "\n";
    if (getHeader(MapType.RequestHeaders, "x-pass") !== null) return DataStatus.Continue;
    sendLocalResponse(200, "probe_body", bytesOf(text), []);
    return DataStatus.StopIterationNoBuffer;
  }

  onRequestTrailers(_count: u32): TrailersStatus {
    removeHeader(MapType.RequestTrailers, "x-t-secret");
    return TrailersStatus.Continue;
  }

  onResponseHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    addHeader(MapType.ResponseHeaders, "x-t-response", "seen");
    return HeadersStatus.Continue;
  }

  onHttpCallResponse(_token: u32, headers: u32, bodySize: u32, _trailers: u32): void {
    const status = getHeader(MapType.HttpCallResponseHeaders, ":status");
    const body = getBuffer(BufferType.HttpCallResponseBody, 0, bodySize);
    const text = headers.toString() + " " + (status === null ? "(none)" : status) + " " + shown(body);
    setHeader(MapType.RequestHeaders, "x-t-call", text);
    continueStream(StreamType.Request);
  }

  onGrpcMessage(_token: u32, size: u32): void {
    setHeader(MapType.RequestHeaders, "x-t-call", shown(getBuffer(BufferType.GrpcReceiveBuffer, 0, size)));
    continueStream(StreamType.Request);
  }

  onGrpcClose(_token: u32, status: u32): void {
    if (status == 0) return;
    setHeader(MapType.RequestHeaders, "x-t-call", "closed " + status.toString());
    continueStream(StreamType.Request);
  }

  onLog(): void {
    log(LogLevel.Info, "log " + pairs(MapType.RequestHeaders));
  }

  private call(): HeadersStatus {
    const head = [
      [":method", "GET"],
      [":path", "/keys"],
      [":authority", "keys"],
    ];
    const call = httpCall("keys", head, bytesOf("ask"), [], 1000);
    if (call.status != Status.Ok) {
      sendLocalResponse(503, "no_call_" + call.status.toString(), null, []);
    }
    return HeadersStatus.StopAllIterationAndWatermark;
  }

  private grpcCall(): HeadersStatus {
    const call = grpcCall(grpcService("grpc"), "acme.Keys", "Get", [["k", "v"]], bytesOf("q"), 1000);
    if (call.status != Status.Ok) {
      sendLocalResponse(503, "no_call_" + call.status.toString(), null, []);
    }
    return HeadersStatus.StopAllIterationAndWatermark;
  }
}

class Echo extends StreamContext {
  onDownstreamData(size: u32, _endOfStream: bool): StreamStatus {
    if (size < 3) return StreamStatus.StopIteration;
    setBuffer(BufferType.NetworkDownstreamData, 0, size, bytesOf("seen " + size.toString()));
    return StreamStatus.Continue;
  }

  onUpstreamData(size: u32, _endOfStream: bool): StreamStatus {
    if (size == 0) return StreamStatus.Continue;
    setBuffer(BufferType.NetworkUpstreamData, 0, 0, bytesOf("<"));
    setBuffer(BufferType.NetworkUpstreamData, u32.MAX_VALUE, 0, bytesOf(">"));
    return StreamStatus.Continue;
  }
}

class ProbeRoot extends RootContext {
  private ticks: i32 = 0;

  onConfigure(configuration: Uint8Array): bool {
    const text = textOf(configuration);
    if (text == "tick") setTickPeriod(10);
    log(LogLevel.Info, "configured [" + text + "]");
    return text != "refuse";
  }
  createHttpContext(contextId: u32): HttpContext | null {
    return new Probe(contextId, this);
  }
  onTick(): void {
    this.ticks++;
    setSharedData("ticks", bytesOf(this.ticks.toString()));
  }
  onQueueReady(token: u32): void {
    log(LogLevel.Info, "queue ready " + shown(dequeue(token)));
  }
  onGrpcMessage(_token: u32, size: u32): void {
    log(LogLevel.Info, "grpc " + shown(getBuffer(BufferType.GrpcReceiveBuffer, 0, size)));
  }
  onGrpcClose(_token: u32, status: u32): void {
    log(LogLevel.Info, "grpc closed " + status.toString());
  }
  onDone(): bool {
    return false;
  }
}

class EchoRoot extends RootContext {
  createStreamContext(contextId: u32): StreamContext | null {
    return new Echo(contextId, this);
  }
}

registerRoot("probe", (contextId: u32) => new ProbeRoot(contextId));
registerRoot("echo", (contextId: u32) => new EchoRoot(contextId));
