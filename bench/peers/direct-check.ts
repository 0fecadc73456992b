/**
 * Asks a server one Check and reads the whole answer: what is timed later must be right first. In: an address, a sample. Out:
 * what is wrong with the answer; undefined = it is right. Effects: one HTTP/2 connection.
 */
import { connect } from "node:http2";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { CHECK_PATH, checkRequest, grpcFrame } from "../load/check-request.ts";
import type { CheckServer } from "./check-server.ts";
import type { Sample } from "./work.ts";

const WAIT_MS = 10_000;

export async function wrongAnswer(server: CheckServer, sample: Sample): Promise<string | undefined> {
  const { token, method, path, headers } = sample;
  const request = checkRequest({ token, method, path, encodeRawHeaders: server.encodeRawHeaders });
  const { allowed, set } = read(await ask(server, grpcFrame(request)));
  if (allowed !== sample.allowed) return `${server.name}: ${sample.name}: ${allowed ? "allowed" : "denied"}`;
  if (!allowed) return undefined;
  for (const [name, value] of headers) {
    if (set.get(name) !== value) return `${server.name}: ${sample.name}: ${name} is ${set.get(name)}, not ${value}`;
  }
  return undefined;
}

function ask({ host, port }: CheckServer, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${host}:${port}`);
    session.once("error", reject);
    const headers = { ":method": "POST", ":path": CHECK_PATH, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request(headers);
    const parts: Buffer[] = [];
    stream.setTimeout(WAIT_MS, () => stream.destroy(new Error("no answer in time")));
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.once("error", reject);
    stream.once("close", () => {
      session.destroy();
      resolve(Buffer.concat(parts).subarray(5));
    });
    stream.end(body);
  });
}

/** The message as proto-loader gives it: an object of objects, each of which may be missing. */
function read(message: Buffer): { readonly allowed: boolean; readonly set: ReadonlyMap<string, string> } {
  const decoded: unknown = authorizationService["Check"]?.responseDeserialize(message);
  const set = new Map<string, string>();
  const options = member(member(decoded, "ok_response"), "headers");
  for (const option of Array.isArray(options) ? options : []) {
    const header = member(option, "header");
    const raw = member(header, "raw_value");
    const value = Buffer.isBuffer(raw) && raw.length > 0 ? raw.toString() : member(header, "value");
    set.set(String(member(header, "key")).toLowerCase(), String(value));
  }
  const code = member(member(decoded, "status"), "code") ?? 0;
  return { allowed: message.length > 0 && code === 0 && member(decoded, "ok_response") != null, set };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
