// The smallest filter: adds one request header, and refuses a request that already brings it.

import {
  bytesOf,
  HeadersStatus,
  HttpContext,
  headerPairs,
  MapType,
  RootContext,
  registerRoot,
  sendLocalResponse,
  setHeader,
} from "proxy-wasm-sdk-as/assembly";

export * from "proxy-wasm-sdk-as/assembly/exports";

const NAME = bytesOf("x-hello");

class Hello extends HttpContext {
  onRequestHeaders(_count: u32, _endOfStream: bool): HeadersStatus {
    const headers = headerPairs(MapType.RequestHeaders);
    if (!headers.ok || headers.indexOf(NAME) >= 0) {
      sendLocalResponse(403, "hello_already_said", bytesOf("no\n"), [["content-type", "text/plain"]]);
      return HeadersStatus.StopIteration;
    }
    setHeader(MapType.RequestHeaders, "x-hello", "world");
    return HeadersStatus.Continue;
  }
}

class HelloRoot extends RootContext {
  createHttpContext(contextId: u32): HttpContext | null {
    return new Hello(contextId, this);
  }
}

registerRoot("hello", (contextId: u32) => new HelloRoot(contextId));
