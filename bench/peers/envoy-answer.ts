/**
 * Sends one request through an Envoy and reads the answer. In: its port, a sample. Out: what is wrong; undefined = it is right.
 * Effects: one connection.
 */
import { request } from "node:http";
import { HOST, type Sample } from "./work.ts";

const WAIT_MS = 10_000;

export interface EnvoyAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

export async function wrongThroughEnvoy(name: string, port: number, sample: Sample): Promise<string | undefined> {
  const { status, headers } = await get(port, sample);
  if ((status === 200) !== sample.allowed) return `${name}: ${sample.name}: ${status}`;
  if (!sample.allowed) return status === 401 || status === 403 ? undefined : `${name}: ${sample.name}: ${status}`;
  for (const [header, value] of sample.headers) {
    const saw = headers.get(`saw-${header}`);
    if (saw !== value) return `${name}: ${sample.name}: ${header} is ${saw}, not ${value}`;
  }
  return undefined;
}

export function get(port: number, { token, method, path }: Sample): Promise<EnvoyAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { host: HOST, ...(token !== "" && { authorization: `Bearer ${token}` }) };
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false, timeout: WAIT_MS });
    sent.once("error", reject);
    sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.once("response", (answer) => {
      answer.resume();
      answer.once("error", reject);
      answer.once("end", () => {
        const got = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
        resolve({ status: answer.statusCode ?? 0, headers: new Map(got) });
      });
    });
    sent.end();
  });
}
