/**
 * The fast converter in: the bytes of a CheckRequest become `Incoming` in one pass, without a tree of objects between. In:
 * bytes from outside. Out: what `from-check-request.ts` makes of the same message (held equal by a property test), or what is
 * wrong with it. What nobody reads (time, body, labels, unknown fields) is stepped over. Pure but for a bounded memo.
 *
 * A field that comes twice means what protobuf says: the last scalar counts, submessages merge. Field numbers: protos/.
 */
import type { JsonObject } from "../model.ts";
import type { Incoming } from "../request/incoming.ts";
import { err, ok, type Result } from "../result.ts";
import { type DraftHttp, newHttp, readHttp, toIncomingHttp } from "./decode-http.ts";
import { readFilterMetadata } from "./decode-metadata.ts";
import { type DraftPeer, newPeer, readPeer } from "./decode-peer.ts";
import { type Extensions, extensionsMemo, NO_EXTENSIONS, spelledEntry } from "./extensions-memo.ts";
import { enter, MalformedMessage, openWire, readTag, readText, skip, type Wire } from "./protobuf-reader.ts";

export type DecodeCheckRequest = (message: Buffer) => Result<Incoming, string>;

interface Draft {
  readonly source: DraftPeer;
  readonly destination: DraftPeer;
  http: DraftHttp | undefined;
  sni: string;
  /** The entries of context_extensions as they are spelled, one after the other. */
  extensions: string;
  metadata: Map<string, JsonObject> | undefined;
}

const NO_METADATA: ReadonlyMap<string, JsonObject> = new Map();

/** One for each server: it remembers the context_extensions of the operator's routes. */
export function createCheckRequestDecoder(): DecodeCheckRequest {
  const extensionsOf = extensionsMemo();
  return (message) => {
    try {
      const wire = openWire(message);
      const draft: Draft = {
        source: newPeer(),
        destination: newPeer(),
        http: undefined,
        sni: "",
        extensions: "",
        metadata: undefined,
      };
      readCheckRequest(wire, draft);
      const contextExtensions: Extensions = draft.extensions === "" ? NO_EXTENSIONS : extensionsOf(draft.extensions);
      return ok({
        source: draft.source,
        destination: draft.destination,
        http: draft.http === undefined ? undefined : toIncomingHttp(wire, draft.http),
        sni: draft.sni,
        contextExtensions,
        metadata: draft.metadata ?? NO_METADATA,
      });
    } catch (cause) {
      if (cause instanceof MalformedMessage) return err(cause.message);
      throw cause;
    }
  };
}

function readCheckRequest(wire: Wire, draft: Draft): void {
  const end = wire.bytes.length;
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) readAttributes(wire, enter(wire, end), draft);
    else skip(wire, tag, end, 0b10);
  }
}

// Fields 1, 2, 4, 10, 11 and 12.
const ATTRIBUTES = 0b1_1100_0001_0110;

function readAttributes(wire: Wire, end: number, draft: Draft): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    switch (tag) {
      case 0x0a:
        readPeer(wire, enter(wire, end), draft.source);
        break;
      case 0x12:
        readPeer(wire, enter(wire, end), draft.destination);
        break;
      case 0x22:
        readRequest(wire, enter(wire, end), draft);
        break;
      case 0x52:
        draft.extensions += spelledEntry(wire, end);
        break;
      case 0x5a:
        draft.metadata ??= new Map();
        readFilterMetadata(wire, enter(wire, end), draft.metadata);
        break;
      case 0x62:
        readTlsSession(wire, enter(wire, end), draft);
        break;
      default:
        skip(wire, tag, end, ATTRIBUTES);
    }
  }
}

function readRequest(wire: Wire, end: number, draft: Draft): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x12) {
      draft.http ??= newHttp();
      readHttp(wire, enter(wire, end), draft.http);
    } else skip(wire, tag, end, 0b100);
  }
}

function readTlsSession(wire: Wire, end: number, draft: Draft): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) draft.sni = readText(wire, end);
    else skip(wire, tag, end, 0b10);
  }
}
