// One line to the host's log. Effects: the host's log only; it works at every time, even at the module's top level.

import { LogLevel, Status } from "./abi";
import { extraArgument } from "./argument";
import { proxy_get_log_level, proxy_log } from "./env";
import { OUT_POINTER, resetOut } from "./received";

export function log(level: LogLevel, text: string): void {
  const line = extraArgument.put(text);
  proxy_log(level, line.pointer, line.length);
}

/** The lowest level that the host keeps; Trace if it does not say, so that nothing is lost. */
export function logLevel(): LogLevel {
  resetOut();
  if (proxy_get_log_level(OUT_POINTER) != Status.Ok) return LogLevel.Trace;
  return <LogLevel>load<u32>(OUT_POINTER);
}
