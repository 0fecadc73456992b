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
];
