/** A listen address in its parts. In: `host:port`, `[v6]:port` or `unix:///path`, as settings were validated. Pure. */

export type Address =
  | { readonly unix: string }
  | { readonly unix?: undefined; readonly host: string; readonly port: number };

export function readAddress(text: string): Address {
  if (text.startsWith("unix://")) return { unix: text.slice("unix://".length) };
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(text.slice(colon + 1)) };
}

/** As it was asked for, with the port that was taken. */
export function withPort(text: string, port: number): string {
  return text.startsWith("unix:") ? text : `${text.slice(0, text.lastIndexOf(":"))}:${port}`;
}
