// Steering of the current stream: answer it here, go on after a stop, end it, act for another context.

import { Status, StreamType } from "./abi";
import { nameArgument } from "./argument";
import {
  proxy_close_stream,
  proxy_continue_stream,
  proxy_done,
  proxy_send_local_response,
  proxy_set_effective_context,
} from "./env";
import { encodePairs } from "./pair-encoding";
import { enter } from "./registry";

/**
 * Answers the request without an upstream. The callback that calls it must return a stopping status.
 * `details` is for the access log (`%RESPONSE_CODE_DETAILS%`); `grpcStatus` -1 leaves the choice to the host.
 */
export function sendLocalResponse(
  status: u32,
  details: string,
  body: Uint8Array | null,
  headers: Array<Array<string>>,
  grpcStatus: i32 = -1,
): Status {
  const reason = nameArgument.put(details);
  const pairs = encodePairs(headers);
  return <Status>(
    proxy_send_local_response(
      status,
      reason.pointer,
      reason.length,
      body === null ? 0 : body.dataStart,
      body === null ? 0 : <u32>body.length,
      changetype<usize>(pairs),
      <u32>pairs.byteLength,
      <u32>grpcStatus,
    )
  );
}

/** Goes on with a stream that a callback stopped. */
export function continueStream(type: StreamType): Status {
  return <Status>proxy_continue_stream(type);
}

/** Ends the stream at once: a reset for HTTP, a close for TCP. */
export function closeStream(type: StreamType): Status {
  return <Status>proxy_close_stream(type);
}

/** The other name of `closeStream`, as HTTP says it. */
export function resetStream(type: StreamType): Status {
  return closeStream(type);
}

/** Lets the next host calls of this callback act for another context (a request that waits, say); callouts are answered to it. */
export function setEffectiveContext(contextId: u32): Status {
  enter(contextId);
  return <Status>proxy_set_effective_context(contextId);
}

/** Ends a context whose `onDone` answered false. */
export function done(): Status {
  return <Status>proxy_done();
}
