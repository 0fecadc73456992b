/**
 * What goes on to the service behind a filter, as data: bodies, trailers, answered callouts. The same table runs in the Node
 * host and in Envoy. No effects.
 */

export interface ExchangeCase {
  readonly title: string;
  /** Of the request, `x-probe` among them. */
  readonly headers: readonly (readonly [string, string])[];
  readonly chunks: readonly string[];
  readonly trailers: Readonly<Record<string, string>>;
  readonly seen: Seen;
}

/** What the service sees; `call` is what the filter wrote of its callout, without the count of headers. */
export interface Seen {
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>>;
  readonly call: string;
}

/** What the cluster "keys" answers to a callout. */
export const keysAnswer = "the keys";
/** What the gRPC service of the cluster "grpc" answers. */
export const grpcAnswer = "the answer";

export const exchangeCases: readonly ExchangeCase[] = [
  {
    title: "a body is held back, changed at both ends and passes",
    headers: [
      ["x-probe", "body"],
      ["x-pass", "1"],
    ],
    chunks: ["abc", "def"],
    trailers: {},
    seen: { body: "<abcdef>", trailers: {}, call: "" },
  },
  {
    // The filter holds the body until its end, which trailers are instead.
    title: "trailers release the body, and pass without the one that the filter takes off, under any case",
    headers: [],
    chunks: ["abc"],
    trailers: { "x-t-open": "o", "X-T-Secret": "s" },
    seen: { body: "abc", trailers: { "x-t-open": "o" }, call: "" },
  },
  {
    title: "a request waits for its callout and goes on with what came back",
    headers: [["x-probe", "call"]],
    chunks: [],
    trailers: {},
    seen: { body: "", trailers: {}, call: `200 [${keysAnswer}]` },
  },
  {
    title: "a request waits for its gRPC call and goes on with the message",
    headers: [["x-probe", "grpc-call"]],
    chunks: [],
    trailers: {},
    seen: { body: "", trailers: {}, call: `[${grpcAnswer}]` },
  },
  {
    title: "headers that went on cannot be read when the body comes",
    headers: [["x-late", "1"]],
    chunks: ["abc"],
    trailers: {},
    seen: { body: "abc(none)", trailers: {}, call: "" },
  },
  {
    title: "nor those that a callout let go",
    headers: [
      ["x-late", "1"],
      ["x-probe", "call"],
    ],
    chunks: ["abc"],
    trailers: {},
    seen: { body: "abc(none)", trailers: {}, call: `200 [${keysAnswer}]` },
  },
];

/** TCP: what the client writes, and what comes back from a service that answers each connection with what it read. */
export const connectionCases = [
  { title: "data is held until it is enough, then replaced, and so is the answer", sent: "abcd", back: "<seen 4>" },
  { title: "one byte more", sent: "abcde", back: "<seen 5>" },
] as const;
