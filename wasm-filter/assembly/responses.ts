/**
 * Signs responses in an inner zone, and checks them where the request was stamped. In come the exchange and the response's
 * headers, out goes whether it is signed, or a reason to refuse it. Effects: randomness, header writes, a native key's host call.
 */
import { MapType, removeHeaderBytes, Status, setHeaderAt, setHeaderBytes } from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { DIGEST_HEADER } from "./content-digest";
import { coveredOfResponse, Exchange, RESPONSE_TAG, responseBase } from "./exchange";
import { startMember, writeParameters, writeSignature } from "./make-stamp";
import { nextNonce } from "./nonces";
import { Refusal } from "./refusal";
import { allTrimmed, RequestHead, readRequestHead } from "./request-head";
import { INPUT, input, put, SIGNATURE, signature, startWithOthers } from "./sign-request";
import { StampSettings } from "./stamp-configuration";
import { INPUT_HEADER, Labelled, SIGNATURE_HEADER, withoutOurs } from "./stamp-fields";
import { readResponseParameters } from "./stamp-parameters";
import { isOver, keyOf, StampRules, signatureBytes } from "./verify-stamp";

const MAP = MapType.ResponseHeaders;

/** False: the response goes without; the zone before refuses it. `now` in seconds. */
export function signResponse(exchange: Exchange, settings: StampSettings, now: i64): bool {
  const head = readRequestHead(MAP);
  const key = settings.keys.signer(settings.sign, now);
  const nonce = nextNonce();
  if (head === null || now == 0 || key === null || nonce === null) return false;
  const digests = allTrimmed(head, DIGEST_HEADER);
  startWithOthers(input, head, INPUT_HEADER);
  startWithOthers(signature, head, SIGNATURE_HEADER);
  const start = startMember(input);
  input.text(coveredOfResponse(digests));
  writeParameters(input, key, settings.times.at(now, settings.lifetime), nonce, RESPONSE_TAG);
  const base = responseBase(exchange, head.first(":status"), digests, input.view(start));
  return (
    base !== null &&
    writeSignature(signature, key, base, 0) &&
    put(MAP, head, INPUT, input.start, input.length) &&
    put(MAP, head, SIGNATURE, signature.start, signature.length)
  );
}

/** Null when the response was signed for this exchange; then our members are off it. `now` in seconds. */
export function refuseResponse(exchange: Exchange, rules: StampRules, now: i64): Refusal | null {
  const head = readRequestHead(MAP);
  if (head === null) return refused("response_invalid");
  const inputs = new Labelled(head.all(INPUT_HEADER));
  const signatures = new Labelled(head.all(SIGNATURE_HEADER));
  if (inputs.members.length == 0) return refused("response_unsigned");
  if (!inputs.ok || !signatures.ok || inputs.members.length != 1 || signatures.members.length != 1) {
    return refused("response_invalid");
  }
  const digests = allTrimmed(head, DIGEST_HEADER);
  const parameters = readResponseParameters(inputs.members[0], coveredOfResponse(digests));
  if (parameters === null || parameters.tag != RESPONSE_TAG) return refused("response_invalid");
  const key = keyOf(parameters, rules, now);
  const base = responseBase(exchange, head.first(":status"), digests, parameters.serialised);
  const presented = signatureBytes(signatures.members[0]);
  if (key === null || base === null || presented === null) return refused("response_invalid");
  const holds = key.holds(base, presented, 0);
  const good = holds && !isOver(parameters, rules, now) && strip(head, INPUT_HEADER) && strip(head, SIGNATURE_HEADER);
  return good ? null : refused("response_invalid");
}

function refused(reason: string): Refusal {
  return new Refusal(reason, "The answer did not come from the zone");
}

function strip(head: RequestHead, name: string): bool {
  const others = withoutOurs(head.all(name));
  if (others.length > 0) return setHeaderBytes(MAP, name, others) == Status.Ok;
  return removeHeaderBytes(MAP, bytesOf(name)) == Status.Ok;
}
