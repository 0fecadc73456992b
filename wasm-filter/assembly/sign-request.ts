/**
 * Signs a request where it stands: zone, Signature-Input and Signature. In come the parts of the request as it leaves, the
 * settings and the time; out goes whether it is signed, and if not, the caller must refuse it. Effects: randomness, header writes.
 */
import {
  addHeaderAt,
  MapType,
  removeHeaderBytes,
  Status,
  setHeaderAt,
  setHeaderBytes,
} from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { DIGEST_HEADER } from "./content-digest";
import { Exchange } from "./exchange";
import { isAliasOf } from "./header-firewall";
import { startMember, writeParameters, writeSignature } from "./make-stamp";
import { nextNonce } from "./nonces";
import { RequestHead } from "./request-head";
import { comingAgain, signatureBase } from "./signature-base";
import { SignedMessage } from "./signed-message";
import { StampSettings } from "./stamp-configuration";
import { INPUT_HEADER, LABEL, SIGNATURE_HEADER, withoutOurs, ZONE_HEADER } from "./stamp-fields";
import { MAX_ZONES, readChain } from "./zone-chain";

const ZONE = bytesOf(ZONE_HEADER);
export const INPUT = bytesOf(INPUT_HEADER);
export const SIGNATURE = bytesOf(SIGNATURE_HEADER);
/** What signing a request has to do with its body and its response. */
export class Signed {
  exchange: Exchange | null = null;
  /** In: the digest to send and to cover; null = none. */
  digest: Uint8Array | null = null;
}

/** One for the VM each: they are written and handed to the host within one callback. */
export const input = new ByteWriter();
export const signature = new ByteWriter();

/**
 * `tokens` = the lines of the covered header as they leave; `before` = the zones that a guard verified, null for none. The
 * other parts are read from `head`. `now` in seconds; `keeps` = what else there is to it.
 */
export function signRequest(
  head: RequestHead,
  tokens: Uint8Array[],
  before: Uint8Array | null,
  settings: StampSettings,
  now: i64,
  keeps: Signed | null = null,
): bool {
  const key = settings.keys.signer(settings.sign, now);
  const nonce = nextNonce();
  // The next zone refuses two tokens: which of them would a stamp speak for?
  if (now == 0 || key === null || nonce === null || tokens.length > 1) return false;
  const zones = zonesOf(settings, before);
  if (zones == "") return false;
  const message = new SignedMessage(
    head.first(":method"),
    head.first(":scheme"),
    head.first(":authority"),
    head.first(":path"),
  );
  const zoneLines = zones == settings.zone ? settings.zoneLines : [bytesOf(zones)];
  message.field(ZONE_HEADER, zoneLines);
  const hasToken = tokens.length == 1;
  if (hasToken) message.field(settings.token, tokens);
  let digested = false;
  if (keeps !== null) {
    const digest = keeps.digest;
    if (digest !== null) {
      digested = true;
      message.field(DIGEST_HEADER, [digest]);
      if (setHeaderBytes(MapType.RequestHeaders, DIGEST_HEADER, digest) != Status.Ok) return false;
    }
  }
  const covered = settings.covered.of(hasToken, digested);
  startWithOthers(input, head, INPUT_HEADER);
  startWithOthers(signature, head, SIGNATURE_HEADER);
  const start = startMember(input);
  input.bytes(covered.list);
  writeParameters(input, key, settings.times.at(now, settings.lifetime), nonce, LABEL);
  const base = signatureBase(message, covered, input.view(start));
  const from = signature.length + LABEL.length + 1;
  const signed =
    base !== null &&
    writeSignature(signature, key, base, comingAgain()) &&
    put(MapType.RequestHeaders, head, ZONE, zoneLines[0].dataStart, zoneLines[0].length) &&
    put(MapType.RequestHeaders, head, INPUT, input.start, input.length) &&
    put(MapType.RequestHeaders, head, SIGNATURE, signature.start, signature.length);
  if (signed && keeps !== null) keeps.exchange = new Exchange(message, signature.view(from).slice(0));
  return signed;
}

/** Takes off what reads as the zone's header under another spelling; the header itself is overwritten. */
export function removeZoneAliases(head: RequestHead): bool {
  for (let line = 0; line < head.length; line++) {
    if (!isAliasOf(head.wire, head.nameStart(line), head.nameEnd(line), ZONE) || head.nameIs(line, ZONE_HEADER))
      continue;
    if (removeHeaderBytes(MapType.RequestHeaders, head.nameBytes(line)) != Status.Ok) return false;
  }
  return true;
}

/** Our own zone, after those that were verified; "" when the request has been here, or came too far. */
function zonesOf(settings: StampSettings, before: Uint8Array | null): string {
  if (before === null || !settings.chain) return settings.zone;
  const chain = readChain(before);
  if (chain === null || chain.includes(settings.zone) || chain.length == MAX_ZONES) return "";
  return `${chain.join(", ")}, ${settings.zone}`;
}

/** One line: the members of others, then ours. */
export function startWithOthers(out: ByteWriter, head: RequestHead, name: string): void {
  out.clear();
  if (!head.has(name)) return;
  out.bytes(withoutOurs(head.all(name)));
  if (out.length > 0) out.text(", ");
}

/**
 * One line of that name. Where none came it is added: to replace one, the host indexes all lines first, for some tenths of a
 * microsecond. A line that came may be gone by now, and is replaced all the same.
 */
export function put(map: MapType, head: RequestHead, name: Uint8Array, value: usize, length: u32): bool {
  const status = head.hasBytes(name)
    ? setHeaderAt(map, name.dataStart, name.length, value, length)
    : addHeaderAt(map, name.dataStart, name.length, value, length);
  return status == Status.Ok;
}
