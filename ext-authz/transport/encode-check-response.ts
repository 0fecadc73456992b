/**
 * The converter out: an answer becomes the bytes of a CheckResponse in a gRPC frame. The only place that knows the response's
 * wire shape. Pure but for memories of what is the same with many answers.
 *
 * An empty CheckResponse is an allow in Envoy (`status` unset reads as OK): every branch here sets the code, and the bytes of
 * the deny branch are tested. Source: envoy.service.auth.v3 CheckResponse; field numbers: protos/.
 */
import { KeptChanges } from "../kept-changes.ts";
import type { HeaderChanges } from "../model.ts";
import { type Answer, DECISION_ID_HEADER, type LocalReply, type Metadata } from "../respond/answer.ts";
import { frameText } from "./grpc-frame.ts";
import { type ByteText, delimited, utf8, varint } from "./protobuf-text.ts";

/** The first fields of several messages; all are below 16 and delimited by their length. */
const ONE = "\x0a";
const TWO = "\x12";
const THREE = "\x1a";
const FOUR = "\x22";
const FIVE = "\x2a";
const SIX = "\x32";
const EIGHT = "\x42";

export function encodeCheckResponse(answer: Answer): Buffer {
  return frameText(checkResponse(answer));
}

function checkResponse(answer: Answer): ByteText {
  const status = delimited(ONE, `\x08${varint(answer.code)}`);
  const metadata = delimited(FOUR, metadataFields(answer.metadata));
  switch (answer.kind) {
    case "allow":
      return status + delimited(THREE, okResponse(answer)) + metadata;
    case "deny":
      return status + delimited(TWO, reply(answer.reply)) + metadata;
    case "error": {
      // Both, on purpose: see protos/README.md.
      const local = reply(answer.reply);
      return status + delimited(TWO, local) + metadata + delimited(FIVE, local);
    }
  }
}

function okResponse({ changes, decisionId }: Extract<Answer, { kind: "allow" }>): ByteText {
  const fields = changes instanceof KeptChanges ? changes.onWire(headerFields) : headerFields(changes);
  const text = fields + delimited(SIX, overwrite(DECISION_ID_HEADER, decisionId));
  return changes.removeQueryParameters.length === 0 ? text : text + queryFields(changes);
}

function headerFields({ set, remove }: HeaderChanges): ByteText {
  let text = "";
  for (const [name, value] of set) text += delimited(TWO, overwrite(name, value));
  // Envoy removes after it sets: a name in both would be gone.
  for (const name of remove) text += delimited(FIVE, utf8(name));
  return text;
}

function queryFields({ removeQueryParameters }: HeaderChanges): ByteText {
  let text = "";
  for (const name of removeQueryParameters) text += delimited(EIGHT, utf8(name));
  return text;
}

function reply({ status, headers, body }: LocalReply): ByteText {
  let text = delimited(ONE, `\x08${varint(status)}`);
  for (const [name, value] of headers) text += delimited(TWO, overwrite(name, value));
  return text + delimited(THREE, utf8(body));
}

/** Field 3, OVERWRITE_IF_EXISTS_OR_ADD. */
const APPEND_ACTION = "\x18\x02";

/** HeaderValueOption */
function overwrite(key: string, value: string): ByteText {
  return delimited(ONE, nameField(key) + delimited(TWO, utf8(value))) + APPEND_ACTION;
}

/** A google.protobuf.Struct of texts. */
function metadataFields({ decision_id, effect, reason, policy, revision, principal, grant }: Metadata): ByteText {
  const own = textField("decision_id", decision_id);
  const text = own + verdictFields(effect, reason, policy, revision) + textField("principal", principal);
  return grant === undefined ? text : text + textField("grant", grant);
}

function textField(name: string, value: string): ByteText {
  return delimited(ONE, nameField(name) + delimited(TWO, delimited(THREE, utf8(value))));
}

interface Verdict {
  readonly effect: string;
  readonly reason: string;
  readonly revision: string;
  readonly fields: ByteText;
}

/** The last by each policy: few policies decide nearly all requests. */
const verdicts = new Map<string, Verdict>();
const MAX_VERDICTS = 1000;

function verdictFields(effect: string, reason: string, policy: string, revision: string): ByteText {
  const known = verdicts.get(policy);
  if (known?.revision === revision && known.reason === reason && known.effect === effect) return known.fields;
  const start = textField("effect", effect) + textField("reason", reason);
  const fields = flat(start + textField("policy", policy) + textField("revision", revision));
  if (known !== undefined || verdicts.size < MAX_VERDICTS) verdicts.set(policy, { effect, reason, revision, fields });
  return fields;
}

/** Of headers and metadata: ours and the operator's, so few. Field 1, as bytes. */
const names = new Map<string, ByteText>();
const MAX_NAMES = 1000;

function nameField(name: string): ByteText {
  const known = names.get(name);
  if (known !== undefined) return known;
  const field = flat(delimited(ONE, utf8(name)));
  if (names.size < MAX_NAMES) names.set(name, field);
  return field;
}

/** In one piece, and of nothing else: what is kept must not keep the texts alive that it was joined from. */
function flat(text: ByteText): ByteText {
  return Buffer.from(text, "latin1").toString("latin1");
}
