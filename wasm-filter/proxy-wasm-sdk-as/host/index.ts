/** The package's public face for tests: a host to run compiled filters in. */

export type { LogLevel, MetricType, StreamName } from "./abi.ts";
export type { Bytes } from "./bytes.ts";
export type { Callout, HttpAnswer } from "./callout.ts";
export type { Connection } from "./connection.ts";
export { ModuleRefused, PluginRefused, Trap, VmFailed } from "./errors.ts";
export type { Header, HeaderInput } from "./header-map.ts";
export { createHost, type GuestVm, type Host, type HostOptions, type VmOptions } from "./host.ts";
export type { BodyStep, End, HeadersStep, HttpStream, Step } from "./http-stream.ts";
export type { Plugin, PluginOptions, StreamOptions } from "./plugin.ts";
export type { PropertyTree, PropertyValue } from "./property.ts";
export type { LocalReply, LogLine } from "./state.ts";
