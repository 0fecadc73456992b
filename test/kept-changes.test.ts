/** Header changes that remember how they are said: once, and the same as changes that remember nothing. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { grantText } from "../ext-authz/grant/text.ts";
import { KeptChanges } from "../ext-authz/kept-changes.ts";
import type { HeaderChanges } from "../ext-authz/model.ts";
import { encodeCheckResponse } from "../ext-authz/transport/encode-check-response.ts";

const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("é", "😀", "a\nb", "\0", "x".repeat(200)));
const changes: fc.Arbitrary<HeaderChanges> = fc.record({
  remove: fc.array(text, { maxLength: 3 }),
  set: fc.array(fc.tuple(text, text), { maxLength: 3 }),
  removeQueryParameters: fc.array(text, { maxLength: 2 }),
});

it("kept changes are said as others, each time", () => {
  const about = { effect: "allow", reason: "allowed", policy: "", revision: "", principal: "" };
  const onWire = (of: HeaderChanges, decisionId: string): string =>
    encodeCheckResponse({
      ...{ kind: "allow", code: 0, changes: of, decisionId },
      metadata: { decision_id: decisionId, ...about },
    }).toString("hex");
  const inGrant = (of: HeaderChanges, decisionId: string) =>
    grantText({ epoch: "e", milliseconds: 5, decisionId, inputs: "", path: ["=/"], changes: of });
  fc.assert(
    fc.property(changes, (plain) => {
      const kept = new KeptChanges(plain);
      expect(kept).toEqual(plain);
      for (const id of ["1", "2"]) {
        expect(onWire(kept, id)).toBe(onWire(plain, id));
        expect(inGrant(kept, id)).toBe(inGrant(plain, id));
      }
    }),
  );
});

it("says each once", () => {
  const kept = new KeptChanges({ remove: [], set: [], removeQueryParameters: [] });
  let said = 0;
  const say = (): string => `${++said}`;
  const refuse = (): undefined => void said++;
  expect([kept.onWire(say), kept.onWire(say), kept.inGrant(refuse), kept.inGrant(refuse)]).toEqual([
    ...["1", "1", undefined, undefined],
  ]);
  expect(said).toBe(2);
});
