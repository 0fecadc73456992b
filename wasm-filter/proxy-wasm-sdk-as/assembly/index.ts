// The package's public face for filters: contexts to extend, numbers of the ABI, calls to the host.

export {
  BufferType,
  DataStatus,
  HeadersStatus,
  LogLevel,
  MapType,
  MetricType,
  PeerType,
  Status,
  StreamStatus,
  StreamType,
  TrailersStatus,
} from "./abi";
export { bufferSize, getBuffer, setBuffer } from "./buffer";
export { monotonicNow, now, randomFill, setTickPeriod } from "./clock";
export { Context, HttpContext, RootContext, StreamContext } from "./context";
export { callForeignFunction, ForeignResult, tryForeignFunction } from "./foreign-function";
export { grpcCall, grpcCancel, grpcClose, grpcSend, grpcService, grpcStream } from "./grpc";
export { HeaderPairs, headerPairs } from "./header-pairs";
export {
  addHeader,
  addHeaderBytes,
  getHeader,
  getHeaderBytes,
  headerMapSize,
  removeHeader,
  removeHeaderBytes,
  setHeader,
  setHeaderBytes,
  setHeaderPairs,
} from "./headers";
export { Call, httpCall } from "./http-call";
export { log, logLevel } from "./log";
export { defineMetric, getMetric, incrementMetric, NO_METRIC, recordMetric } from "./metric";
export { getProperty, getPropertyBool, getPropertyInt, getPropertyString, setProperty } from "./property";
export { dequeue, enqueue, Queue, registerQueue, resolveQueue } from "./queue";
export { addHeaderAt, getPropertyAt, removeHeaderAt, setHeaderAt, setPropertyAt } from "./raw";
export { registerRoot } from "./registry";
export { getSharedData, SharedValue, setSharedData } from "./shared-data";
export { closeStream, continueStream, done, resetStream, sendLocalResponse, setEffectiveContext } from "./stream";
export { bytesOf, textOf } from "./text";
