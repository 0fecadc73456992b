// The variables of the plugin's VM (`vm_config.environment_variables`), through WASI: the SDK has no word of its own for them.

import { shown } from "./shown";
import { environ_get, environ_sizes_get } from "./wasi_snapshot_preview1";

const SIZES = memory.data(8);

/** How many there are, and each as it stands. Sorted: Envoy keeps them in a hash map. */
export function environment(): string {
  if (environ_sizes_get(SIZES, SIZES + 4) != 0) return "refused";
  const count = load<u32>(SIZES);
  const pointers = new Uint8Array(<i32>count * 4);
  const text = new Uint8Array(<i32>load<u32>(SIZES + 4));
  if (environ_get(pointers.dataStart, text.dataStart) != 0) return "refused";
  const found: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] != 0) continue;
    found.push(" " + shown(text.slice(from, at)));
    from = at + 1;
  }
  return count.toString() + found.sort().reverse().join("");
}
