/**
 * Header blocks as we send them: literals that enter no table, so a block's bytes never change and are made once. In: fields. Out:
 * bytes. Pure. Source: RFC 7541 §6.2.2.
 */
import { STATIC_TABLE } from "./static-table.ts";

/** @param fields names in lower case, ASCII both: ours, not a client's */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => encode(name, value)));
}

const LENGTH_BITS = 7;
const INDEX_BITS = 4;

function encode(name: string, value: string): Buffer {
  const exact = STATIC_TABLE.findIndex(([other, its = ""]) => other === name && its === value && its !== "");
  if (exact >= 0) return Buffer.of(0x80 | (exact + 1));
  const index = STATIC_TABLE.findIndex(([other]) => other === name) + 1;
  if (index === 0) return Buffer.concat([Buffer.of(0), text(name), text(value)]);
  return Buffer.concat([integer(index, INDEX_BITS), text(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(value.length, LENGTH_BITS), Buffer.from(value, "latin1")]);
}

/** RFC 7541 §5.1; the bits before the prefix are zero in all that we send. */
function integer(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.of(value);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
