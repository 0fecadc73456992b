/**
 * A collector of traces: plain OTLP over HTTP, JSON. In: POSTs. Out: what was sent, checked for its shape. Effects: a socket on
 * a free loopback port.
 */
import { createServer, type IncomingHttpHeaders } from "node:http";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  /** 2 = error, 0 = unset. */
  readonly status: number;
  readonly service: string;
}

export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders; readonly text: string }[];
  /** Resolves with the first span, past or coming, that fits. Rejects when none comes for long. */
  span(fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  /** What is answered from now on; 200 at first. */
  answer(status: number): void;
  stop(): Promise<void>;
}

const PATIENCE_MS = 20_000;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders; text: string }[] = [];
  const waiting = new Set<() => void>();
  let status = 200;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (more: string) => {
      text += more;
    });
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers, text });
      if (status === 200) spans.push(...readSpans(JSON.parse(text)));
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
      for (const look of [...waiting]) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    requests,
    span: (fits) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(patience);
          waiting.delete(look);
        };
        const look = (): void => {
          const found = spans.find(fits);
          if (found === undefined) return;
          end();
          resolve(found);
        };
        const patience = setTimeout(() => {
          end();
          reject(
            new Error(`no such span among ${JSON.stringify(spans.map(({ name, attributes }) => [name, attributes]))}`),
          );
        }, PATIENCE_MS);
        waiting.add(look);
        look();
      }),
    answer(next) {
      status = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @throws what a collector would refuse: wrong ids, times that are no numbers in text, no service. */
function readSpans(document: unknown): readonly ReceivedSpan[] {
  return list(document, "resourceSpans").flatMap((resourceSpans) => {
    const service = attributesOf(field(resourceSpans, "resource"))["service.name"] ?? "";
    if (service === "") throw new Error("no service.name");
    return list(resourceSpans, "scopeSpans").flatMap((scope) =>
      list(scope, "spans").map((span) => readSpan(span, service)),
    );
  });
}

function readSpan(span: unknown, service: string): ReceivedSpan {
  const parent = field(span, "parentSpanId");
  const status = field(span, "status");
  return {
    traceId: matching(/^[0-9a-f]{32}$/, field(span, "traceId")),
    spanId: matching(/^[0-9a-f]{16}$/, field(span, "spanId")),
    parentSpanId: parent === undefined ? "" : matching(/^[0-9a-f]{16}$/, parent),
    name: String(field(span, "name")),
    kind: Number(field(span, "kind")),
    start: BigInt(matching(/^\d{19}$/, field(span, "startTimeUnixNano"))),
    end: BigInt(matching(/^\d{19}$/, field(span, "endTimeUnixNano"))),
    attributes: attributesOf(span),
    events: list(span, "events").map((event) => {
      matching(/^\d{19}$/, field(event, "timeUnixNano"));
      return String(field(event, "name"));
    }),
    status: status === undefined ? 0 : Number(field(status, "code")),
    service,
  };
}

function attributesOf(owner: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    list(owner, "attributes").map((entry) => [
      String(field(entry, "key")),
      matching(/^/, field(field(entry, "value"), "stringValue")),
    ]),
  );
}

function field(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}

function list(owner: unknown, name: string): readonly unknown[] {
  const found = field(owner, name);
  if (!Array.isArray(found)) throw new Error(`${name} is no list`);
  return found;
}

function matching(shape: RegExp, value: unknown): string {
  if (typeof value !== "string" || !shape.test(value)) throw new Error(`${JSON.stringify(value)} is not ${shape}`);
  return value;
}
