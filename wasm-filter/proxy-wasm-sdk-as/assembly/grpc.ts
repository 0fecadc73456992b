// gRPC calls and streams beside the request. Envoy takes the upstream as a serialized `envoy.config.core.v3.GrpcService`
// (`grpcService` makes one); other hosts take a name. Events come to the `onGrpc…` callbacks of the context that called.

import { Status } from "./abi";
import { extraArgument, valueArgument } from "./argument";
import { proxy_grpc_call, proxy_grpc_cancel, proxy_grpc_close, proxy_grpc_send, proxy_grpc_stream } from "./env";
import { Call } from "./http-call";
import { encodePairs } from "./pair-encoding";
import { OUT_EXTRA, resetOut } from "./received";
import { forgetCall, rememberCall } from "./registry";
import { bytesOf } from "./text";

/** `GrpcService { envoy_grpc { cluster_name } }` in protobuf, for a name of up to 100 bytes; empty (refused) beyond. */
export function grpcService(cluster: string): Uint8Array {
  const name = bytesOf(cluster);
  if (name.length > 100) return new Uint8Array(0);
  const bytes = new Uint8Array(name.length + 4);
  bytes[0] = 0x0a;
  bytes[1] = <u8>(name.length + 2);
  bytes[2] = 0x0a;
  bytes[3] = <u8>name.length;
  bytes.set(name, 4);
  return bytes;
}

/** One request, one answer; the timeout is in milliseconds. */
export function grpcCall(
  upstream: Uint8Array,
  service: string,
  method: string,
  metadata: Array<Array<string>>,
  message: Uint8Array,
  timeout: u32,
): Call {
  const name = valueArgument.put(service);
  const verb = extraArgument.put(method);
  const pairs = encodePairs(metadata);
  resetOut();
  const status = <Status>(
    proxy_grpc_call(
      upstream.dataStart,
      <u32>upstream.length,
      name.pointer,
      name.length,
      verb.pointer,
      verb.length,
      changetype<usize>(pairs),
      <u32>pairs.byteLength,
      message.dataStart,
      <u32>message.length,
      timeout,
      OUT_EXTRA,
    )
  );
  return answer(status);
}

/** Opens a stream in both directions. */
export function grpcStream(
  upstream: Uint8Array,
  service: string,
  method: string,
  metadata: Array<Array<string>>,
): Call {
  const name = valueArgument.put(service);
  const verb = extraArgument.put(method);
  const pairs = encodePairs(metadata);
  resetOut();
  const status = <Status>(
    proxy_grpc_stream(
      upstream.dataStart,
      <u32>upstream.length,
      name.pointer,
      name.length,
      verb.pointer,
      verb.length,
      changetype<usize>(pairs),
      <u32>pairs.byteLength,
      OUT_EXTRA,
    )
  );
  return answer(status);
}

/** One message on an open stream; `endStream` closes our side. */
export function grpcSend(token: u32, message: Uint8Array, endStream: bool): Status {
  return <Status>proxy_grpc_send(token, message.dataStart, <u32>message.length, endStream ? 1 : 0);
}

/** Gives up a call or a stream; nothing more is heard of it. */
export function grpcCancel(token: u32): Status {
  forgetCall(token);
  return <Status>proxy_grpc_cancel(token);
}

/** Closes a stream (or cancels a call); nothing more is heard of it. */
export function grpcClose(token: u32): Status {
  forgetCall(token);
  return <Status>proxy_grpc_close(token);
}

function answer(status: Status): Call {
  const token = load<u32>(OUT_EXTRA);
  if (status == Status.Ok) rememberCall(token);
  return new Call(status, token);
}
