/** Compares secrets. In come two byte strings, out goes whether they are equal; the time tells only their lengths. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): bool {
  if (a.length != b.length) return false;
  let difference: u32 = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}
