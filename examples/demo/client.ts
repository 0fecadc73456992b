/**
 * One request, sent exactly as given: the path is not normalized and any header may be set. In: port and request.
 * Out: status, headers and body. Effects: one connection of its own, bounded in time and size.
 */
import { request as httpRequest } from "node:http";

export interface Outgoing {
  readonly method?: string;
  /** Path and query as they go over the wire. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  readonly milliseconds: number;
}

const MAX_BODY = 1_000_000;

export function send(port: number, { method = "GET", path, headers = {} }: Outgoing): Promise<Incoming> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > MAX_BODY) call.destroy(new Error("the answer is too large"));
      });
      response.on("error", reject);
      response.on("end", () => {
        const milliseconds = performance.now() - begun;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, milliseconds });
      });
    });
    call.setTimeout(10_000, () => call.destroy(new Error("no answer in 10 s")));
    call.on("error", reject);
    call.end();
  });
}
