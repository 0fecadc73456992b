/**
 * Checks a stamp. In come the request's lines, the rules and the time; out goes a reason to refuse, or nothing. Whatever is
 * doubtful is refused. Order: there, ours alone, well-formed, for this time, for this request, for the first time. Effects:
 * host calls for native keys and for the replay shield.
 */
import { decodeBase64, STANDARD } from "./base64";
import { DIGEST_HEADER } from "./content-digest";
import { CoveredSets } from "./covered";
import { KeyRing } from "./key-ring";
import { Refusal } from "./refusal";
import { FRESH, FULL, ReplayShield, SEEN } from "./replay-shield";
import { allTrimmed, RequestHead } from "./request-head";
import { comingAgain, signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { LABEL, Labelled, LabelledMember, ZONE_HEADER } from "./stamp-fields";
import { StampKey } from "./stamp-key";
import { readStampParameters, StampParameters } from "./stamp-parameters";
import { BYTES } from "./structured-fields";
import { isTrustedChain, readChain } from "./zone-chain";

export class StampRules {
  /** Zones that may have stamped. */
  zones: string[] = [];
  /** Zones that may stand in the chain before those. */
  via: string[] = [];
  /** Null = a stamp may come again until it ends. */
  replay: ReplayShield | null = null;
  /** Seconds. */
  maxAge: i64 = 30;
  clockSkew: i64 = 5;
  /** Header that carries the token, lower-case; "" = stamps cover none. */
  token: string = "";
  /** What stamps must cover, by what there is to cover. */
  covered: CoveredSets = new CoveredSets("");
  keys: KeyRing = new KeyRing();
  /** Bodies are compared with the digest that the stamp must cover, up to so many bytes; -1 = they are not. */
  digestBytes: i32 = -1;
}

/** The lines that matter of one request, as the host holds them. */
export class StampedRequest {
  /** Our member of Signature, once it held. */
  signature: LabelledMember | null = null;
  /** The digest that the stamp covers; null = none. */
  digest: Uint8Array | null = null;

  constructor(
    public head: RequestHead,
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
  if (parameters === null || parameters.tag != LABEL) return refused("stamp_invalid");

  if (request.zones.length != 1 || request.tokens.length > 1) return refused("stamp_invalid");
  const chain = readChain(request.zones[0]);
  if (chain === null || !isTrustedChain(chain, rules.zones, rules.via)) return refused("stamp_invalid");
  const digested = parameters.components.includes(DIGEST_HEADER);
  const hasToken = request.tokens.length == 1 && rules.token != "";
  let covered = rules.covered.of(hasToken, digested);
  if (!covered.is(parameters.components)) covered = rules.covered.of(hasToken, digested, true);
  if (!covered.is(parameters.components)) return refused("stamp_invalid");
  const key = keyOf(parameters, rules, now);
  if (key === null) return refused("stamp_invalid");
  request.message.field(ZONE_HEADER, request.zones);
  if (digested) {
    const digests = allTrimmed(request.head, DIGEST_HEADER);
    if (digests.length != 1) return refused("stamp_invalid");
    request.message.field(DIGEST_HEADER, digests);
    request.digest = digests[0];
  }
  if (request.tokens.length == 1) request.message.field(rules.token, request.tokens);
  const base = signatureBase(request.message, covered, parameters.serialised);
  const presented = signatureBytes(signatures.members[0]);
  if (base === null || presented === null) return refused("stamp_invalid");
  if (!key.holds(base, presented, comingAgain())) return refused("stamp_invalid");
  request.signature = signatures.members[0];
  if (isOver(parameters, rules, now)) return refused("stamp_expired");
  const replay = rules.replay;
  return replay === null ? null : refuseReplay(replay, parameters, rules, now);
}

export function refused(reason: string): Refusal {
  return new Refusal(reason, TEXT);
}

/** After the signature: a client cannot fill the store, nor use up a stamp that it only saw in part. */
function refuseReplay(shield: ReplayShield, stamp: StampParameters, rules: StampRules, now: i64): Refusal | null {
  const last = min(stamp.expires, stamp.created + rules.maxAge + rules.clockSkew);
  const seen = shield.take(stamp.keyId, stamp.nonce, last, now);
  if (seen == FRESH) return null;
  if (seen == SEEN) return refused("stamp_replayed");
  return new Refusal(seen == FULL ? "stamp_store_full" : "internal_error", "The request could not be processed");
}

/** The key that a signature for this time was made with; null when it is for no time or no key of ours. */
export function keyOf(parameters: StampParameters, rules: StampRules, now: i64): StampKey | null {
  if (parameters.created > now + rules.clockSkew) return null;
  const lifetime = parameters.expires - parameters.created;
  if (lifetime < 0 || lifetime > rules.maxAge) return null;
  const key = rules.keys.at(parameters.keyId, now);
  // The key decides which algorithm it is; what the message says must only agree (RFC 9421 §7.3.6).
  return key !== null && parameters.algorithm == key.algorithm ? key : null;
}

export function isOver(parameters: StampParameters, rules: StampRules, now: i64): bool {
  return now > parameters.expires || now - parameters.created > rules.maxAge + rules.clockSkew;
}

/** The bytes of `countersign=:…:`; null unless it is a byte sequence without parameters. */
export function signatureBytes(ours: LabelledMember): Uint8Array | null {
  const value = ours.member.value;
  if (value.kind != BYTES || value.parameters.length > 0) return null;
  return decodeBase64(ours.line, value.start + 1, value.end - 1, STANDARD);
}
