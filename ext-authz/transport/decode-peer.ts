/** One peer of a CheckRequest off the wire: address, principal, certificate. Part of `decode-check-request.ts`. Pure. */
import { enter, readTag, readText, readVarint, skip, type Wire } from "./protobuf-reader.ts";

/** `IncomingPeer` while it is read. */
export interface DraftPeer {
  address: string;
  port: number;
  principal: string;
  certificate: string;
}

export function newPeer(): DraftPeer {
  return { address: "", port: 0, principal: "", certificate: "" };
}

export function readPeer(wire: Wire, end: number, peer: DraftPeer): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    switch (tag) {
      case 0x0a:
        readAddress(wire, enter(wire, end), peer);
        break;
      case 0x22:
        peer.principal = readText(wire, end);
        break;
      case 0x2a:
        peer.certificate = readText(wire, end);
        break;
      default:
        skip(wire, tag, end, 0b11_0010);
    }
  }
}

/** Of a oneof the last one counts: after a pipe (field 2) there is no socket address (field 1). */
function readAddress(wire: Wire, end: number, peer: DraftPeer): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) readSocketAddress(wire, enter(wire, end), peer);
    else if (tag === 0x12) {
      wire.at = enter(wire, end);
      peer.address = "";
      peer.port = 0;
    } else skip(wire, tag, end, 0b110);
  }
}

function readSocketAddress(wire: Wire, end: number, peer: DraftPeer): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x12) peer.address = readText(wire, end);
    else if (tag === 0x18) peer.port = readVarint(wire, end);
    else skip(wire, tag, end, 0b1100);
  }
}
