/**
 * The ports of a page, exchanged for free ones. In: texts that name ports. Out: the same texts with others; a port that was
 * exchanged once is always exchanged for the same. Effects: ports are taken for a moment and given back.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

export interface Ports {
  exchange(text: string): string;
}

/** Below those that the system gives to connections, so that none is gone before its server starts. */
const LOWEST = 15_000;
const HIGHEST = 32_000;
const PLACES = /(127\.0\.0\.1:|port_value: |listen\()(\d{4,5})\b/g;

/** @param count how many different ports may be named. */
export async function freePorts(count: number): Promise<Ports> {
  const free: string[] = [];
  while (free.length < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!free.includes(String(port)) && (await isFree(port))) free.push(String(port));
  }
  const given = new Set(free);
  const told = new Map<string, string>();
  const other = (port: string): string => {
    // A text that init made of our flags has free ones already.
    if (given.has(port)) return port;
    const found = told.get(port) ?? free.pop();
    if (found === undefined) throw new Error(`more than ${count} ports are named`);
    told.set(port, found);
    return found;
  };
  return { exchange: (text) => text.replaceAll(PLACES, (_, place: string, port: string) => place + other(port)) };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
