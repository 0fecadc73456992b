// Raw imports of Proxy-Wasm ABI 0.2.1. The compiler takes the import module's name from this file's name ("env"), so that
// no decorator is needed. Every function answers a Status as u32. Nobody but this package calls these.

export declare function proxy_log(level: u32, text: usize, textLength: u32): u32;
export declare function proxy_get_log_level(level: usize): u32;
export declare function proxy_get_status(code: usize, text: usize, textLength: usize): u32;

export declare function proxy_get_property(path: usize, pathLength: u32, value: usize, valueLength: usize): u32;
export declare function proxy_set_property(path: usize, pathLength: u32, value: usize, valueLength: u32): u32;

export declare function proxy_get_header_map_value(
  map: u32,
  key: usize,
  keyLength: u32,
  value: usize,
  valueLength: usize,
): u32;
export declare function proxy_add_header_map_value(
  map: u32,
  key: usize,
  keyLength: u32,
  value: usize,
  valueLength: u32,
): u32;
export declare function proxy_replace_header_map_value(
  map: u32,
  key: usize,
  keyLength: u32,
  value: usize,
  valueLength: u32,
): u32;
export declare function proxy_remove_header_map_value(map: u32, key: usize, keyLength: u32): u32;
export declare function proxy_get_header_map_pairs(map: u32, pairs: usize, pairsLength: usize): u32;
export declare function proxy_set_header_map_pairs(map: u32, pairs: usize, pairsLength: u32): u32;
export declare function proxy_get_header_map_size(map: u32, size: usize): u32;

export declare function proxy_get_buffer_bytes(
  buffer: u32,
  start: u32,
  length: u32,
  data: usize,
  dataLength: usize,
): u32;
export declare function proxy_get_buffer_status(buffer: u32, length: usize, flags: usize): u32;
export declare function proxy_set_buffer_bytes(buffer: u32, start: u32, length: u32, data: usize, dataLength: u32): u32;

export declare function proxy_continue_stream(stream: u32): u32;
export declare function proxy_close_stream(stream: u32): u32;
export declare function proxy_send_local_response(
  status: u32,
  details: usize,
  detailsLength: u32,
  body: usize,
  bodyLength: u32,
  headers: usize,
  headersLength: u32,
  grpcStatus: u32,
): u32;

export declare function proxy_get_shared_data(
  key: usize,
  keyLength: u32,
  value: usize,
  valueLength: usize,
  cas: usize,
): u32;
export declare function proxy_set_shared_data(
  key: usize,
  keyLength: u32,
  value: usize,
  valueLength: u32,
  cas: u32,
): u32;
export declare function proxy_register_shared_queue(name: usize, nameLength: u32, token: usize): u32;
export declare function proxy_resolve_shared_queue(
  vm: usize,
  vmLength: u32,
  name: usize,
  nameLength: u32,
  token: usize,
): u32;
export declare function proxy_dequeue_shared_queue(token: u32, data: usize, dataLength: usize): u32;
export declare function proxy_enqueue_shared_queue(token: u32, data: usize, dataLength: u32): u32;

export declare function proxy_http_call(
  upstream: usize,
  upstreamLength: u32,
  headers: usize,
  headersLength: u32,
  body: usize,
  bodyLength: u32,
  trailers: usize,
  trailersLength: u32,
  timeout: u32,
  token: usize,
): u32;
export declare function proxy_grpc_call(
  upstream: usize,
  upstreamLength: u32,
  service: usize,
  serviceLength: u32,
  method: usize,
  methodLength: u32,
  metadata: usize,
  metadataLength: u32,
  message: usize,
  messageLength: u32,
  timeout: u32,
  token: usize,
): u32;
export declare function proxy_grpc_stream(
  upstream: usize,
  upstreamLength: u32,
  service: usize,
  serviceLength: u32,
  method: usize,
  methodLength: u32,
  metadata: usize,
  metadataLength: u32,
  token: usize,
): u32;
export declare function proxy_grpc_send(token: u32, message: usize, messageLength: u32, endStream: u32): u32;
export declare function proxy_grpc_cancel(token: u32): u32;
export declare function proxy_grpc_close(token: u32): u32;

export declare function proxy_set_tick_period_milliseconds(period: u32): u32;
export declare function proxy_get_current_time_nanoseconds(time: usize): u32;

export declare function proxy_define_metric(type: u32, name: usize, nameLength: u32, id: usize): u32;
export declare function proxy_increment_metric(id: u32, delta: i64): u32;
export declare function proxy_record_metric(id: u32, value: u64): u32;
export declare function proxy_get_metric(id: u32, value: usize): u32;

export declare function proxy_set_effective_context(id: u32): u32;
export declare function proxy_done(): u32;
export declare function proxy_call_foreign_function(
  name: usize,
  nameLength: u32,
  args: usize,
  argsLength: u32,
  result: usize,
  resultLength: usize,
): u32;
