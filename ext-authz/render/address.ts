/** `host:port` as people write it, to host and port. Pure. */
import type { SocketAddress } from "../../envoy/model.ts";

const MAX_PORT = 65_535;

/** Undefined = the port is none. The schema has checked the rest of the form. */
export function readAddress(text: string): SocketAddress | undefined {
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port) || port > MAX_PORT) return undefined;
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port };
}
