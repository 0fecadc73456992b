/**
 * The environment that the plugin was given (`vm_config.environment_variables`): for keys that must not stand in a checked-in
 * configuration. In comes a name, out goes its value or null. Effects: host calls; for use in `onConfigure` only.
 */
import { find, slice, spells } from "./ascii";
import { environ_get, environ_sizes_get } from "./wasi_snapshot_preview1";

const MAX_COUNT: u32 = 4096;
const MAX_BYTES: u32 = 1048576;
const SIZES = memory.data(8);

export function variable(name: string): Uint8Array | null {
  if (name == "" || environ_sizes_get(SIZES, SIZES + 4) != 0) return null;
  const count = load<u32>(SIZES);
  const size = load<u32>(SIZES + 4);
  if (count == 0 || count > MAX_COUNT || size > MAX_BYTES) return null;
  const pointers = new Uint8Array(<i32>count * 4);
  const text = new Uint8Array(<i32>size);
  if (environ_get(pointers.dataStart, text.dataStart) != 0) return null;
  for (let at = 0; at < text.length; ) {
    const nul = find(text, 0, at, text.length);
    const end = nul < 0 ? text.length : nul;
    const equals = find(text, 0x3d, at, end);
    if (equals >= 0 && spells(text, at, equals, name)) return slice(text, equals + 1, end);
    at = end + 1;
  }
  return null;
}
