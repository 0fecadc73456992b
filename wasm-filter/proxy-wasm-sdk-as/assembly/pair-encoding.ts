// Header pairs as the ABI writes them: u32 count, then a u32 name length and a u32 value length for each, then for each the
// name, a NUL, the value, a NUL. Little endian. Here: from texts to bytes.

/** `[[name, value], …]` as bytes; no pairs at all are no bytes. A pair that is not two texts long is left out. */
export function encodePairs(pairs: Array<Array<string>>): ArrayBuffer {
  let count = 0;
  let size = 4;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i];
    if (pair.length != 2) continue;
    count++;
    size += 10 + String.UTF8.byteLength(pair[0]) + String.UTF8.byteLength(pair[1]);
  }
  if (count == 0) return new ArrayBuffer(0);
  const buffer = new ArrayBuffer(size);
  const start = changetype<usize>(buffer);
  store<u32>(start, <u32>count);
  let lengths = start + 4;
  let data = lengths + ((<usize>count) << 3);
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i];
    if (pair.length != 2) continue;
    const name = <u32>String.UTF8.encodeUnsafe(changetype<usize>(pair[0]), pair[0].length, data);
    data += name + 1;
    const value = <u32>String.UTF8.encodeUnsafe(changetype<usize>(pair[1]), pair[1].length, data);
    data += value + 1;
    store<u32>(lengths, name);
    store<u32>(lengths + 4, value);
    lengths += 8;
  }
  return buffer;
}
