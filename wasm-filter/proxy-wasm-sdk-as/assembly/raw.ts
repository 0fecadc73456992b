// Host calls by address, for hot code that keeps its bytes outside of collected memory, or wants no string between.
// In: addresses and lengths, which the caller answers for. Out: the host's Status, or its bytes.

import { MapType, Status } from "./abi";
import {
  proxy_add_header_map_value,
  proxy_get_property,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_set_property,
} from "./env";
import { OUT_LENGTH, OUT_POINTER, resetOut, takeOver } from "./received";

/** As `getProperty`; the names of the path are joined by NUL. */
export function getPropertyAt(path: usize, pathLength: u32): ArrayBuffer | null {
  resetOut();
  return proxy_get_property(path, pathLength, OUT_POINTER, OUT_LENGTH) == Status.Ok ? takeOver() : null;
}

/** As `setProperty`. */
export function setPropertyAt(path: usize, pathLength: u32, value: usize, valueLength: u32): Status {
  return <Status>proxy_set_property(path, pathLength, value, valueLength);
}

/** As `setHeader`. */
export function setHeaderAt(map: MapType, name: usize, nameLength: u32, value: usize, valueLength: u32): Status {
  return <Status>proxy_replace_header_map_value(map, name, nameLength, value, valueLength);
}

/** As `addHeader`: cheaper for the host than `setHeaderAt` where no line of that name is there. */
export function addHeaderAt(map: MapType, name: usize, nameLength: u32, value: usize, valueLength: u32): Status {
  return <Status>proxy_add_header_map_value(map, name, nameLength, value, valueLength);
}

/** As `removeHeader`. */
export function removeHeaderAt(map: MapType, name: usize, nameLength: u32): Status {
  return <Status>proxy_remove_header_map_value(map, name, nameLength);
}
