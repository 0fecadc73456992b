/** CheckRequests for property tests: as objects that proto-loader serializes, and their bytes with something done to them. */
import fc from "fast-check";

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.constantFrom("", "GET", "/orders/1?a=b", "authorization", "Bearer x.y.z", "X-Role", ":path", "a".repeat(200)),
);
/** A name that both libraries keep as it is: `__proto__` they do not. */
const name = text.filter((one) => one !== "__proto__");
const peer = fc.record(
  {
    address: fc.record(
      { socket_address: fc.record({ address: text, port_value: fc.nat(70_000) }) },
      { requiredKeys: [] },
    ),
    service: text,
    labels: fc.dictionary(name, text, { maxKeys: 2 }),
    principal: text,
    certificate: text,
  },
  { requiredKeys: [] },
);
const bytes = fc.uint8Array({ maxLength: 24 }).map((array) => Buffer.from(array));
const header = fc.record({ key: name, value: text, raw_value: bytes }, { requiredKeys: [] });
const http = fc.record(
  {
    id: text,
    method: text,
    headers: fc.dictionary(name, text, { maxKeys: 3 }),
    path: text,
    host: text,
    scheme: text,
    size: fc.nat(),
    protocol: text,
    body: text,
    raw_body: bytes,
    header_map: fc.record({ headers: fc.array(header, { maxLength: 5 }) }),
  },
  { requiredKeys: [] },
);
const { struct } = fc.letrec<{ struct: object; value: object }>((tie) => ({
  struct: fc.record({ fields: fc.dictionary(name, tie("value"), { maxKeys: 3 }) }, { requiredKeys: [] }),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.record({ stringValue: text }),
    fc.record({ numberValue: fc.double() }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ nullValue: fc.constant(0) }),
    fc.record({ structValue: tie("struct") }),
    fc.record({ listValue: fc.record({ values: fc.array(tie("value"), { maxLength: 3 }) }) }),
  ),
}));

/** What proto-loader's `requestSerialize` takes. */
export const checkRequests = fc.record(
  {
    attributes: fc.record(
      {
        source: peer,
        destination: peer,
        request: fc.record({ http }, { requiredKeys: [] }),
        context_extensions: fc.dictionary(name, text, { maxKeys: 3 }),
        metadata_context: fc.record({ filter_metadata: fc.dictionary(name, struct, { maxKeys: 2 }) }),
        tls_session: fc.record({ sni: text }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

interface Mutation {
  readonly kind: "flip" | "set" | "cut" | "drop" | "repeat";
  readonly at: number;
  readonly value: number;
}

export const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom<Mutation["kind"][]>("flip", "set", "cut", "drop", "repeat"),
    at: fc.nat(4000),
    value: fc.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
);

export function mutate(message: Buffer, all: readonly Mutation[]): Buffer {
  return all.reduce((before, mutation) => (before.length === 0 ? before : mutateOnce(before, mutation)), message);
}

function mutateOnce(before: Buffer, { kind, at, value }: Mutation): Buffer {
  const place = at % before.length;
  switch (kind) {
    case "flip":
      return put(before, place, (before[place] ?? 0) ^ (1 << (value % 8)));
    case "set":
      return put(before, place, value);
    case "cut":
      return before.subarray(0, place);
    case "drop":
      return Buffer.concat([before.subarray(0, place), before.subarray(place + 1)]);
    case "repeat":
      return Buffer.concat([before, before.subarray(place)]);
  }
}

function put(before: Buffer, at: number, value: number): Buffer {
  const after = Buffer.from(before);
  after[at] = value;
  return after;
}
