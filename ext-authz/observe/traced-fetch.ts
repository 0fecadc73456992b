/**
 * A fetch of keys inside a trace: of the check that waits for it, or of its own when nobody does. In: the fetch, the tracer.
 * Out: a fetch that answers the same and names its span to the issuer. The span says which host and how it ended.
 */
import type { JwksAnswer, JwksFetch } from "../authenticate/jwks-answer.ts";
import type { Result } from "../result.ts";
import { writeTraceparent } from "./trace-context.ts";
import type { Tracer } from "./tracer.ts";

export function tracedFetch(fetch: JwksFetch, tracer: Tracer): JwksFetch {
  return async (request) => {
    const span = tracer.begin("GET", "client", tracer.current()?.context);
    if (span === undefined) return fetch(request);
    const answer = await fetch({ ...request, traceparent: writeTraceparent(span.context) });
    const host = URL.canParse(request.url) ? new URL(request.url).host : "";
    const attributes = { "http.request.method": "GET", "server.address": host, "countersign.keys": outcomeOf(answer) };
    span.end(attributes, !answer.ok);
    return answer;
  };
}

function outcomeOf(answer: Result<JwksAnswer, string>): "document" | "unchanged" | "failed" {
  return answer.ok ? answer.value.kind : "failed";
}
