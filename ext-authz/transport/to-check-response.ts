/**
 * The converter out: an answer becomes the CheckResponse that the codec serializes. The only place that knows the
 * response's wire shape. Pure.
 *
 * An empty CheckResponse is an allow in Envoy (`status` unset reads as OK): every branch here sets the code, and the
 * bytes of the deny branch are tested. Source: envoy.service.auth.v3 CheckResponse.
 */
import { type Answer, DECISION_ID_HEADER, type LocalReply } from "../respond/answer.ts";

interface WireHeaderOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append_action: number;
}
interface WireReply {
  readonly status: { readonly code: number };
  readonly headers: readonly WireHeaderOption[];
  readonly body: string;
}
export interface WireCheckResponse {
  readonly status: { readonly code: number };
  readonly ok_response?: {
    readonly headers: readonly WireHeaderOption[];
    readonly headers_to_remove: readonly string[];
    readonly response_headers_to_add: readonly WireHeaderOption[];
    readonly query_parameters_to_remove: readonly string[];
  };
  readonly denied_response?: WireReply;
  readonly error_response?: WireReply;
  readonly dynamic_metadata: { readonly fields: Readonly<Record<string, { readonly stringValue: string }>> };
}

export function toCheckResponse(answer: Answer): WireCheckResponse {
  const common = { status: { code: answer.code }, dynamic_metadata: struct(answer.metadata) };
  switch (answer.kind) {
    case "allow":
      return {
        ...common,
        ok_response: {
          headers: answer.changes.set.map(([name, value]) => overwrite(name, value)),
          // Envoy removes after it sets: a name in both would be gone.
          headers_to_remove: answer.changes.remove,
          response_headers_to_add: [overwrite(DECISION_ID_HEADER, answer.decisionId)],
          query_parameters_to_remove: answer.changes.removeQueryParameters,
        },
      };
    case "deny":
      return { ...common, denied_response: reply(answer.reply) };
    case "error":
      // Both, on purpose: see protos/README.md.
      return { ...common, denied_response: reply(answer.reply), error_response: reply(answer.reply) };
  }
}

function reply(local: LocalReply): WireReply {
  return {
    status: { code: local.status },
    headers: local.headers.map(([name, value]) => overwrite(name, value)),
    body: local.body,
  };
}

const OVERWRITE_IF_EXISTS_OR_ADD = 2;

function overwrite(key: string, value: string): WireHeaderOption {
  return { header: { key, value }, append_action: OVERWRITE_IF_EXISTS_OR_ADD };
}

function struct(values: Readonly<Record<string, string>>): WireCheckResponse["dynamic_metadata"] {
  return {
    fields: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { stringValue: value }])),
  };
}
