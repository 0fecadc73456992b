/**
 * What one HTTP/2 connection may cost us. Every number that a client could otherwise choose stands here. What was looked at for
 * sensible values: nghttp2's and Envoy's own limits against the attacks that are named.
 */

/** Bytes of a frame's payload, both ways: the least that RFC 9113 §4.2 allows, so nobody needs to hear of it. */
export const MAX_FRAME = 16_384;
/** Largest window and largest increment, RFC 9113 §6.9.1. */
export const MAX_WINDOW = 0x7fff_ffff;
/** What a connection has before any SETTINGS or WINDOW_UPDATE, RFC 9113 §6.9.2. */
export const DEFAULT_WINDOW = 65_535;

/** What one connection may send ahead of us, and one stream of it: hundreds of checks of usual size. */
export const RECEIVE_WINDOW = 1024 * 1024;

/** Bytes of one header list as RFC 9113 §6.5.2 counts them; a CheckRequest's own headers are some hundreds. */
export const MAX_HEADER_LIST = 16_384;
/** Bytes of one header block as sent, over all its frames. Huffman coding can make a list longer, not twice as long honestly. */
export const MAX_HEADER_BLOCK = 2 * MAX_HEADER_LIST;
/** CONTINUATION frames of one block, empty ones too (CVE-2024-27316). nghttp2: 8. */
export const MAX_CONTINUATIONS = 8;
/** Bytes of the table that a client's header blocks refer to: HPACK's own default. */
export const HEADER_TABLE = 4096;

/** Entries of one SETTINGS frame: there are six kinds. nghttp2: 32. */
export const MAX_SETTINGS = 32;

/**
 * Streams that end without their answer: reset by the client (CVE-2023-44487), or by us for what the client did
 * (CVE-2025-8671). Each answered call earns one more: who calls and resets by turns costs no more than who calls twice.
 */
export const RESETS = { burst: 1000, perSecond: 33, earned: 1 } as const;
/** Frames that are no part of a call's way: SETTINGS, PING, PRIORITY, WINDOW_UPDATE, empty DATA, unknown ones, strays. */
export const CHORES = { burst: 10_000, perSecond: 1000, earned: 8 } as const;
/** A SETTINGS frame is answered and looks at every answer that is held. */
export const SETTINGS_CHORES = 20;
/** Streams that we reset and of which frames may still be on their way: those are no fault. */
export const REMEMBERED_RESETS = 256;

/**
 * Bytes that all clients of a server together make us hold of what has begun and not ended: messages, header blocks, frames, and
 * for each open stream what it costs itself. What each may have of it: `byte-pool.ts`. A stream without room is refused.
 */
export const INCOMING_BYTES = 64 * 1024 * 1024;
export const STREAM_BYTES = 512;
/** What each connection may hold beside that, of each kind: as many streams as one Envoy has under way when all goes well. */
export const OWN_BYTES = 32 * 1024;
/** Bytes of answers that all of them make us hold by their windows; who has no room for more loses its connection. */
export const HELD_BYTES = 64 * 1024 * 1024;
/** Bytes that wait in one streaming call. */
export const MAX_HELD_STREAM = 64 * 1024;
/** Bytes that wait for a client's socket; beyond it that connection is not read. */
export const MAX_UNSENT = 1024 * 1024;
/** Bytes that wait for all sockets together; beyond it, those who have more than a little of it lose their connections. */
export const UNSENT_BYTES = 64 * 1024 * 1024;
export const LITTLE_UNSENT = 64 * 1024;

export const MAX_CONNECTIONS = 10_000;
/** Envoy pings idle upstream connections only when told to; a dead peer is found out within a minute and a half. */
export const KEEPALIVE_MS = 60_000;
export const KEEPALIVE_ANSWER_MS = 20_000;
/** A preface, a header block, a message, an answer's leaving: what is not whole after one to two of these is not waited for. */
export const SWEEP_MS = 10_000;
/** For a client to read why its connection ended. */
export const LINGER_MS = 1000;
