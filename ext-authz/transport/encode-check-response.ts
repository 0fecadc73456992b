/**
 * The converter out: an answer becomes the bytes of a CheckResponse in a gRPC frame. The only place that knows the response's
 * wire shape. Pure.
 *
 * An empty CheckResponse is an allow in Envoy (`status` unset reads as OK): every branch here sets the code, and the bytes of
 * the deny branch are tested. Source: envoy.service.auth.v3 CheckResponse; field numbers: protos/.
 */
import { type Answer, DECISION_ID_HEADER, type LocalReply } from "../respond/answer.ts";
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
  const metadata = delimited(FOUR, struct(answer.metadata));
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
  let text = "";
  for (const [name, value] of changes.set) text += delimited(TWO, overwrite(name, value));
  // Envoy removes after it sets: a name in both would be gone.
  for (const name of changes.remove) text += delimited(FIVE, utf8(name));
  text += delimited(SIX, overwrite(DECISION_ID_HEADER, decisionId));
  for (const name of changes.removeQueryParameters) text += delimited(EIGHT, utf8(name));
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

function struct(values: Readonly<Record<string, string>>): ByteText {
  let text = "";
  for (const name of Object.keys(values)) {
    text += delimited(ONE, nameField(name) + delimited(TWO, delimited(THREE, utf8(values[name] ?? ""))));
  }
  return text;
}

/** Of headers and metadata: ours and the operator's, so few. Field 1, as bytes. */
const names = new Map<string, ByteText>();
const MAX_NAMES = 1000;

function nameField(name: string): ByteText {
  const known = names.get(name);
  if (known !== undefined) return known;
  const field = delimited(ONE, utf8(name));
  if (names.size < MAX_NAMES) names.set(name, field);
  return field;
}
