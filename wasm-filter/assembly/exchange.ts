/**
 * A response bound to the request that it answers (RFC 9421 §2.4): the signature base of our response signatures. In come the
 * request as it was signed and the response's parts, out go the bytes to sign. No effects; good until the next base is made.
 */
import { slice } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { breaksLine, SignedMessage } from "./signed-message";
import { StampedRequest } from "./verify-stamp";

export const RESPONSE_TAG = "countersign-response";

const BASE = new ByteWriter();
const PARTS: string[] = ["@method", "@authority", "@path"];
const COVERED = '("@status" "@method";req "@authority";req "@path";req "signature";req;key="countersign"';

/** What of a request its response speaks for. The signature has a nonce in it: no other request has the same. */
export class Exchange {
  constructor(
    public message: SignedMessage,
    /** Our member of the request's Signature, as it stands: `:…:`. */
    public signature: Uint8Array,
  ) {}
}

/** Null unless the stamp held. */
export function exchangeOf(request: StampedRequest): Exchange | null {
  const ours = request.signature;
  if (ours === null) return null;
  const value = ours.member.value;
  return new Exchange(request.message, slice(ours.line, value.start, value.end));
}

/** The list of covered components; the digest of a body is covered where the response has one. */
export function coveredOfResponse(digests: Uint8Array[]): string {
  return digests.length == 0 ? COVERED + ")" : COVERED + ' "content-digest")';
}

/** Null where the response cannot be signed: two digests, or one that would forge a line. */
export function responseBase(
  exchange: Exchange,
  status: Uint8Array,
  digests: Uint8Array[],
  parameters: Uint8Array,
): Uint8Array | null {
  const out = BASE;
  out.clear();
  out.text('"@status": ');
  out.bytes(status);
  for (let i = 0; i < PARTS.length; i++) {
    out.text('\n"');
    out.text(PARTS[i]);
    out.text('";req: ');
    exchange.message.write(PARTS[i], out);
  }
  out.text('\n"signature";req;key="countersign": ');
  out.bytes(exchange.signature);
  if (digests.length > 0) {
    const digest = digests[0];
    if (digests.length > 1 || breaksLine(digest.dataStart, digest.length)) return null;
    out.text('\n"content-digest": ');
    out.bytes(digest);
  }
  out.text('\n"@signature-params": ');
  out.bytes(parameters);
  return out.view();
}
