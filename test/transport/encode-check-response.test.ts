/** Bytes of CheckResponses: the same, byte for byte, as proto-loader makes of the same answer. */
import fc from "fast-check";
import { expect, it, test } from "vitest";
import type { Answer, LocalReply } from "../../ext-authz/respond/answer.ts";
import { encodeCheckResponse } from "../../ext-authz/transport/encode-check-response.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";

const method = authorizationService["Check"];
if (method === undefined) throw new Error("no Check in the protos");
const { responseSerialize } = method;

const text = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.string({ unit: "grapheme", maxLength: 10 }),
  fc.constantFrom("", "ä", "€", "😀", "\u0000", "a".repeat(127), "a".repeat(128), "b".repeat(17_000), "é".repeat(70)),
);
const lines = fc.array(fc.tuple(text, text), { maxLength: 4 });
const common = {
  metadata: fc.record(
    { decision_id: text, effect: text, reason: text, policy: text, revision: text, principal: text, grant: text },
    { requiredKeys: ["decision_id", "effect", "reason", "policy", "revision", "principal"] },
  ),
  decisionId: text,
};
const reply = fc.record({ status: fc.constantFrom(401, 403, 503), headers: lines, body: text });
const answers: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    ...common,
    kind: fc.constant("allow" as const),
    code: fc.constant(0 as const),
    changes: fc.record({
      set: lines,
      remove: fc.array(text, { maxLength: 3 }),
      removeQueryParameters: fc.array(text, { maxLength: 3 }),
    }),
  }),
  fc.record({ ...common, kind: fc.constant("deny" as const), code: fc.constantFrom(7 as const, 16 as const), reply }),
  fc.record({ ...common, kind: fc.constant("error" as const), code: fc.constant(14 as const), reply }),
);

const overwrite = (key: string, value: string) => ({ header: { key, value }, append_action: 2 });
const local = ({ status, headers, body }: LocalReply) => ({
  status: { code: status },
  headers: headers.map(([name, value]) => overwrite(name, value)),
  body,
});

/** The message as the protos have it. */
function asObject(answer: Answer): object {
  const fields = Object.entries(answer.metadata).map(([name, value]) => [name, { stringValue: value }]);
  const dynamic_metadata = { fields: Object.fromEntries(fields) };
  const status = { code: answer.code };
  switch (answer.kind) {
    case "allow": {
      const ok_response = {
        headers: answer.changes.set.map(([name, value]) => overwrite(name, value)),
        headers_to_remove: answer.changes.remove,
        response_headers_to_add: [overwrite("x-countersign-decision-id", answer.decisionId)],
        query_parameters_to_remove: answer.changes.removeQueryParameters,
      };
      return { status, ok_response, dynamic_metadata };
    }
    case "deny":
      return { status, denied_response: local(answer.reply), dynamic_metadata };
    case "error":
      return { status, denied_response: local(answer.reply), error_response: local(answer.reply), dynamic_metadata };
  }
}

it("writes what proto-loader writes, in a frame", () => {
  fc.assert(
    fc.property(answers, (answer) => {
      const frame = encodeCheckResponse(answer);
      const message = frame.subarray(5);
      expect(frame[0]).toBe(0);
      expect(frame.readUInt32BE(1)).toBe(message.length);
      expect(message.toString("hex")).toBe(responseSerialize(asObject(answer)).toString("hex"));
    }),
    { numRuns: 500 },
  );
});

test("text that is no Unicode cannot break out of its field", () => {
  const known = { decision_id: "d", effect: "allow", policy: "", revision: "", principal: "" };
  const metadata = { ...known, reason: "\ud800" };
  const changes = { set: [["x-a", "b\udfff"]], remove: [], removeQueryParameters: [] } as const;
  const frame = encodeCheckResponse({ kind: "allow", code: 0, changes, metadata, decisionId: "d" });
  expect(method.responseDeserialize(frame.subarray(5))).toMatchObject({
    ok_response: { headers: [{ header: { key: "x-a", value: "b\ufffd" } }] },
    dynamic_metadata: { fields: { reason: { stringValue: "\ufffd" } } },
  });
});
