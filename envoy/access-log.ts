/**
 * One JSON line per request: enough to tell who decided and why, and nothing secret. In: the log's file. Out: the access
 * logger. The path is written without its query, and no header that may hold a token is written at all.
 */
import { type Config, typed } from "./model.ts";

const decided = (key: string) => `%DYNAMIC_METADATA(envoy.filters.http.ext_authz:${key})%`;

export function accessLog(file: string): Config {
  return {
    name: "envoy.access_loggers.file",
    typed_config: typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
      path: file,
      log_format: {
        json_format: {
          time: "%START_TIME%",
          request_id: "%REQ(X-REQUEST-ID)%",
          method: "%REQ(:METHOD)%",
          path: "%PATH(NQ:ORIG_OR_PATH)%",
          code: "%RESPONSE_CODE%",
          details: "%RESPONSE_CODE_DETAILS%",
          flags: "%RESPONSE_FLAGS%",
          decision_id: decided("decision_id"),
          effect: decided("effect"),
          reason: decided("reason"),
          policy: decided("policy"),
          // Of a request that passed on a grant: the id of its decision, and the number of the pass.
          grant: "%FILTER_STATE(wasm.countersign.grant:PLAIN)%",
          guard: "%FILTER_STATE(wasm.countersign.guard:PLAIN)%",
          upstream: "%UPSTREAM_CLUSTER%",
          duration_ms: "%DURATION%",
        },
      },
    }),
  };
}
