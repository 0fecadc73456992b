/**
 * The numbers of Proxy-Wasm ABI 0.2.1 as the host side uses them. No effects.
 * Source: https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1
 */

export const STATUS = {
  ok: 0,
  notFound: 1,
  badArgument: 2,
  parseFailure: 4,
  invalidMemoryAccess: 6,
  empty: 7,
  casMismatch: 8,
  internalFailure: 10,
  unimplemented: 12,
} as const;

export const MAP = {
  requestHeaders: 0,
  requestTrailers: 1,
  responseHeaders: 2,
  responseTrailers: 3,
  grpcInitialMetadata: 4,
  grpcTrailingMetadata: 5,
  callHeaders: 6,
  callTrailers: 7,
} as const;

export const BUFFER = {
  requestBody: 0,
  responseBody: 1,
  downstreamData: 2,
  upstreamData: 3,
  callBody: 4,
  grpcMessage: 5,
  vmConfiguration: 6,
  pluginConfiguration: 7,
  callData: 8,
} as const;

export const STREAMS = ["request", "response", "downstream", "upstream"] as const;
export type StreamName = (typeof STREAMS)[number];

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "critical"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const METRIC_TYPES = ["counter", "gauge", "histogram"] as const;
export type MetricType = (typeof METRIC_TYPES)[number];
