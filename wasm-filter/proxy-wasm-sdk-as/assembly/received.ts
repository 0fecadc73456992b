// Data on its way from the host. The host asks `proxy_on_memory_allocate` for room, fills it and writes pointer and length
// into our out-parameters; here the room becomes an ordinary collected ArrayBuffer.
// Invariant: every buffer handed out is pinned once, and unpinned once when it is taken over. A host that asks for room and then
// names none of it would leave it pinned; Envoy does not.

/** Where the host writes a pointer (or a number up to 64 bits). */
export const OUT_POINTER: usize = memory.data(16, 8);
/** Where the host writes a length. */
export const OUT_LENGTH: usize = OUT_POINTER + 8;
/** Where the host writes a third number: a cas, a token. */
export const OUT_EXTRA: usize = OUT_POINTER + 12;

// More than this is never asked for by a host in its senses; 0 tells it that there is no room.
const LARGEST: u32 = 1 << 28;

export function resetOut(): void {
  store<u64>(OUT_POINTER, 0);
  store<u64>(OUT_LENGTH, 0);
}

/** Room for the host to write into; pinned, since nothing in the guest points at it yet. */
export function handOut(size: u32): usize {
  if (size > LARGEST) return 0;
  return __pin(__new(<usize>size, idof<ArrayBuffer>()));
}

/** Takes over what the host has just written; `null` if it did not keep to what it asked for. */
export function takeOver(): ArrayBuffer | null {
  const pointer = <usize>load<u32>(OUT_POINTER);
  const length = load<u32>(OUT_LENGTH);
  if (pointer == 0) return length == 0 ? new ArrayBuffer(0) : null;
  const buffer = changetype<ArrayBuffer>(pointer);
  __unpin(pointer);
  const room = <u32>buffer.byteLength;
  if (length == room) return buffer;
  return length < room ? buffer.slice(0, <i32>length) : null;
}

/** As `takeOver`, for a caller that wants a view. */
export function takeBytes(): Uint8Array | null {
  const buffer = takeOver();
  return buffer === null ? null : Uint8Array.wrap(buffer);
}
