/**
 * What the host may call of the module: only what a stand uses. The host skips a callback that is not exported, and each one
 * that it does enter costs a request about half a microsecond.
 */
import "proxy-wasm-sdk-as/assembly/abort";

export { proxy_on_http_call_response } from "proxy-wasm-sdk-as/assembly/on-callout";
export {
  proxy_on_request_body,
  proxy_on_request_headers,
  proxy_on_request_trailers,
  proxy_on_response_headers,
} from "proxy-wasm-sdk-as/assembly/on-http";
export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_memory_allocate,
  proxy_on_tick,
} from "proxy-wasm-sdk-as/assembly/on-lifecycle";
