/**
 * Checks a stamp. In come the request's lines, the rules and the time; out goes a reason to refuse, or nothing. Whatever is
 * doubtful is refused. Order: there, ours alone, well-formed, for this time, for this request. No effects.
 */
import { textOf } from "./ascii";
import { decodeBase64, STANDARD } from "./base64";
import { equalConstantTime } from "./constant-time";
import { KeyRing } from "./key-ring";
import { Refusal } from "./refusal";
import { signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { ALGORITHM, coveredComponents, LABEL, Labelled, LabelledMember, ZONE_HEADER } from "./stamp-fields";
import { readStampParameters, StampParameters } from "./stamp-parameters";
import { BYTES } from "./structured-fields";

export class StampRules {
  zones: Set<string> = new Set<string>();
  /** Seconds. */
  maxAge: i64 = 30;
  clockSkew: i64 = 5;
  /** Header that carries the token, lower-case; "" = stamps cover none. */
  token: string = "";
  keys: KeyRing = new KeyRing();
}

/** The lines that matter of one request, as the host holds them. */
export class StampedRequest {
  constructor(
    public message: SignedMessage,
    public inputs: Uint8Array[],
    public signatures: Uint8Array[],
    public tokens: Uint8Array[],
    public zones: Uint8Array[],
  ) {}
}

const TEXT = "The request did not come through the gateway";

/** Null when the stamp holds. `now` in seconds. */
export function refuseStamp(request: StampedRequest, rules: StampRules, now: i64): Refusal | null {
  const inputs = new Labelled(request.inputs);
  const signatures = new Labelled(request.signatures);
  if (inputs.members.length == 0 && inputs.ok) return refused("stamp_missing");
  if (!inputs.ok || !signatures.ok) return refused("stamp_invalid");
  if (inputs.members.length != 1 || signatures.members.length != 1) return refused("stamp_invalid");
  const parameters = readStampParameters(inputs.members[0]);
  if (parameters === null || parameters.tag != LABEL || parameters.algorithm != ALGORITHM)
    return refused("stamp_invalid");

  if (request.zones.length != 1 || request.tokens.length > 1) return refused("stamp_invalid");
  const zone = request.zones[0];
  if (!rules.zones.has(textOf(zone, 0, zone.length))) return refused("stamp_invalid");
  const expected = coveredComponents(request.tokens.length == 1 ? rules.token : "");
  if (!equalLists(parameters.components, expected)) return refused("stamp_invalid");
  if (parameters.created > now + rules.clockSkew) return refused("stamp_invalid");
  const lifetime = parameters.expires - parameters.created;
  if (lifetime < 0 || lifetime > rules.maxAge) return refused("stamp_invalid");

  const key = rules.keys.at(parameters.keyId, now);
  if (key === null) return refused("stamp_invalid");
  request.message.field(ZONE_HEADER, request.zones);
  if (request.tokens.length == 1) request.message.field(rules.token, request.tokens);
  const base = signatureBase(request.message, expected, parameters.serialised);
  const presented = signatureBytes(signatures.members[0]);
  if (base === null || presented === null) return refused("stamp_invalid");
  if (!equalConstantTime(key.hmac.sign(base), presented)) return refused("stamp_invalid");
  return isOver(parameters, rules, now) ? refused("stamp_expired") : null;
}

function refused(reason: string): Refusal {
  return new Refusal(reason, TEXT);
}

function isOver(parameters: StampParameters, rules: StampRules, now: i64): bool {
  return now > parameters.expires || now - parameters.created > rules.maxAge + rules.clockSkew;
}

/** The bytes of `countersign=:…:`; null unless it is a byte sequence without parameters. */
function signatureBytes(ours: LabelledMember): Uint8Array | null {
  const value = ours.member.value;
  if (value.kind != BYTES || value.parameters.length > 0) return null;
  return decodeBase64(ours.line, value.start + 1, value.end - 1, STANDARD);
}

function equalLists(a: string[], b: string[]): bool {
  if (a.length != b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] != b[i]) return false;
  return true;
}
