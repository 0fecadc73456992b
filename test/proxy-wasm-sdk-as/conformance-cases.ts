/**
 * What a filter sees and may do, as data: one request each and the answer of the probe filter. The same table runs in the
 * Node host and in Envoy. No effects.
 */

export interface ConformanceCase {
  readonly title: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly probe: string;
  readonly answer: string;
}

/** What the probe says of the body "abcdef". */
export const bodyAnswer = "6 [bcd] 2 [<abcdef>]\n";

/** What the probe says of an environment of ONE=1 and EMPTY=. */
export const environmentAnswer = "2 [ONE=1] [EMPTY=]\n";

export const conformanceCases: readonly ConformanceCase[] = [
  {
    title: "a missing header is none, an empty one is empty",
    headers: [["x-t-empty", ""]],
    probe: "get:x-t-no;get:x-t-empty",
    answer: "(none)\n[]\n",
  },
  {
    title: "names are compared without case",
    headers: [["X-T-Case", "v"]],
    probe: "get:x-t-CASE;pairs",
    answer: "[v]\n:path=/p,:method=GET,x-t-case=v,\n",
  },
  {
    title: "get sees the first of duplicates, pairs see all",
    headers: [
      ["x-t-a", "1"],
      ["x-t-a", "2"],
    ],
    probe: "get:x-t-a;pairs",
    answer: "[1]\n:path=/p,:method=GET,x-t-a=1,x-t-a=2,\n",
  },
  {
    title: "known headers are joined",
    headers: [
      ["x-forwarded-host", "a"],
      ["x-forwarded-host", "b"],
    ],
    probe: "get:x-forwarded-host",
    answer: "[a,b]\n",
  },
  {
    title: "authorization twice",
    headers: [
      ["authorization", "a"],
      ["authorization", "b"],
    ],
    probe: "get:authorization",
    answer: "[a,b]\n",
  },
  {
    title: "set replaces all lines",
    headers: [
      ["x-t-a", "1"],
      ["x-t-a", "2"],
    ],
    probe: "set:x-t-a=3;pairs",
    answer: "0\n:path=/p,:method=GET,x-t-a=3,\n",
  },
  { title: "set of a new header", probe: "set:X-T-New=1;get:x-t-new", answer: "0\n[1]\n" },
  {
    title: "add keeps what is there",
    headers: [["x-t-a", "1"]],
    probe: "add:x-t-a=2;pairs",
    answer: "0\n:path=/p,:method=GET,x-t-a=1,x-t-a=2,\n",
  },
  {
    title: "remove takes all lines, and is fine with none",
    headers: [
      ["x-t-a", "1"],
      ["x-t-a", "2"],
    ],
    probe: "remove:x-t-a;remove:x-t-a;pairs",
    answer: "0\n0\n:path=/p,:method=GET,\n",
  },
  { title: "set of a pseudo-header", probe: "set::path=/q;get::path", answer: "0\n[/q]\n" },
  {
    title: "all pairs replaced",
    headers: [["x-t-a", "1"]],
    probe: "replace-all;get:x-t-a;get:x-t-new;get::path",
    answer: "0\n(none)\n[é]\n[/new]\n",
  },
  { title: "writing headers that are not there yet", probe: "set-response:x=y", answer: "2\n" },
  {
    title: "pairs of a map that is not there",
    probe: "pairs-of:1;pairs-of:2;pairs-of:6;pairs-of:99",
    answer: "\nstatus 7\n\nstatus 2\n",
  },
  {
    title: "properties of the request",
    probe: "property:request/path;property:request/method;property:request/headers/x-t-no;property:no/such",
    answer: "[/p]\n[GET]\n(none)\n(none)\n",
  },
  {
    title: "a property path that ends early or goes on too long",
    probe: "property:request/path/more;property:request/nothing",
    answer: "(none)\n(none)\n",
  },
  {
    title: "the plugin's own properties",
    probe: "property:plugin_root_id;property:plugin_vm_id",
    answer: "[probe]\n[]\n",
  },
  {
    title: "filter state that the filter wrote",
    probe: "set-property:own=v;property:own;property:filter_state/wasm.own;property:wasm.own",
    answer: "0\n[v]\n[v]\n(none)\n",
  },
  { title: "an empty property is not a missing one", probe: "set-property:own=;property:own", answer: "0\n[]\n" },
  {
    title: "shared data",
    probe: "get-shared:k1;shared:k1=v;get-shared:k1;shared-cas:k1=77;shared-cas:k1=0;get-shared:k1",
    answer: "1(none)\n0\n0[v]\n8\n0\n0[x]\n",
  },
  { title: "counters add only more than nothing", probe: "metric:0=0;metric:0=3", answer: "2 0 7\n0 0 17\n" },
  { title: "gauges", probe: "metric:1=5;metric:1=-2", answer: "0 0 7\n0 0 7\n" },
  { title: "histograms have no value", probe: "metric:2=1", answer: "2 0 0\n" },
  {
    title: "metrics that nobody defined",
    probe: "no-metric:4000;no-metric:4001;no-metric:4002;no-metric:4294967295",
    answer: "1\n1\n2\n2\n",
  },
  { title: "queues", probe: "queue:q1", answer: "0 0 1 0[m1](none)1\n" },
  { title: "a foreign function that nobody has", probe: "foreign:nope=x", answer: "1(none)\n" },
  { title: "a context that is not there", probe: "effective:4242", answer: "2\n" },
  {
    title: "buffers that are not there: a stream's reads as empty",
    probe: "buffer:1;buffer:7;buffer:99",
    answer: "[]\n(none)\n(none)\n",
  },
  {
    title: "clock and chance",
    probe: "clock;random:0;random:32;random:65536;random:65537",
    answer: "true\nfalse\ntrue\ntrue\nrefused\n",
  },
  ...[
    "accept-encoding",
    "cache-control",
    "if-match",
    "origin",
    "user-agent",
    "via",
    "x-forwarded-port",
    "x-request-id",
  ].map((name) => ({ title: `${name} is joined`, headers: twice(name), probe: `get:${name}`, answer: "[a,b]\n" })),
  ...[
    "cookie",
    "dpop",
    "forwarded",
    "signature",
    "signature-input",
    "trace",
    "txn-token",
    "x-api-key",
    "x-real-ip",
  ].map((name) => ({ title: `${name} keeps its lines`, headers: twice(name), probe: `get:${name}`, answer: "[a]\n" })),
  {
    title: "host is another name of :authority",
    probe: "get:host;get::authority;set:host=b;get::authority",
    answer: "[a]\n[a]\n0\n[b]\n",
  },
  {
    title: "as a property duplicates are joined",
    headers: twice("x-t-a"),
    probe: "property:request/headers/x-t-a",
    answer: "[a,b]\n",
  },
];

function twice(name: string): readonly (readonly [string, string])[] {
  return [
    [name, "a"],
    [name, "b"],
  ];
}
