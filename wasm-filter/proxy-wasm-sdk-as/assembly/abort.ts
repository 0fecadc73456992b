// What a failed assertion does (`--use abort=…/assembly/abort/abort`): say where, then trap, which the host turns into a
// refused request. Without it the compiler imports `env.abort`, which no proxy provides.
// It formats into static memory: an abort may come from the allocator itself.

import { proxy_log } from "./env";

const CRITICAL: u32 = 5;
const LINE: usize = memory.data(512);
const LONGEST: i32 = 200;

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  let end = append(LINE, "abort: ");
  end = append(end, message === null ? "no message" : message);
  end = append(end, " at ");
  end = append(end, file === null ? "unknown" : file);
  end = appendNumber(append(end, ":"), line);
  end = appendNumber(append(end, ":"), column);
  proxy_log(CRITICAL, LINE, <u32>(end - LINE));
  unreachable();
}

function append(end: usize, text: string): usize {
  const length = min(text.length, LONGEST);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    store<u8>(end + i, unit >= 0x20 && unit < 0x7f ? <u8>unit : 0x3f);
  }
  return end + length;
}

function appendNumber(end: usize, number: u32): usize {
  let divisor: u32 = 1;
  while (number / divisor >= 10) divisor *= 10;
  for (; divisor > 0; divisor /= 10) store<u8>(end++, <u8>(0x30 + ((number / divisor) % 10)));
  return end;
}
