import { describe, expect, test } from "vitest";
import { allowed, denied, failed } from "../../ext-authz/decision.ts";
import type { Decision } from "../../ext-authz/model.ts";
import { answer } from "../../ext-authz/respond/answer.ts";
import { allReasons, clientFace } from "../../ext-authz/respond/client-face.ts";
import { encodeCheckResponse } from "../../ext-authz/transport/encode-check-response.ts";
import { fromCheckRequest } from "../../ext-authz/transport/from-check-request.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";

const context = { id: "d-1", revision: "r-1" };
const method = authorizationService["Check"];
if (method === undefined) throw new Error("no Check in the protos");

/** The message, without the five bytes of gRPC's frame. */
function written(decision: Decision): Buffer {
  return encodeCheckResponse(answer(decision)).subarray(5);
}

/** The bytes of `status.code`: field 1 of CheckResponse holds field 1 of Status. */
function statusBytes(bytes: Buffer): {
  tag: number;
  length: number;
  codeTag: number | undefined;
  code: number | undefined;
} {
  return { tag: bytes[0] ?? -1, length: bytes[1] ?? -1, codeTag: bytes[2], code: bytes[3] };
}

describe("on the wire", () => {
  test("a denial always carries a non-OK code, in bytes: an empty CheckResponse is an allow", () => {
    for (const code of allReasons) {
      if (clientFace(code).status === 503) continue;
      const bytes = written(denied(context, { code: code as "no_policy", text: "no" }));
      const status = statusBytes(bytes);
      expect(status).toMatchObject({ tag: 0x0a, length: 2, codeTag: 0x08 });
      expect([7, 16]).toContain(status.code);
      expect(method.responseDeserialize(bytes)).toMatchObject({
        denied_response: { status: { code: clientFace(code).status } },
      });
    }
  });

  test("our own failure is 503 for a parser that knows error_response and for one that does not", () => {
    const bytes = written(failed(context, "internal_error", new Error("secret")));
    expect(method.responseDeserialize(bytes)).toMatchObject({
      status: { code: 14 },
      denied_response: { status: { code: 503 } },
      error_response: { status: { code: 503 } },
    });
    expect(bytes.toString("latin1")).not.toContain("secret");
    // error_response (tag 0x2a) after denied_response (tag 0x12): of a oneof the last one counts.
    const wire = bytes.toString("hex");
    expect(wire.lastIndexOf("2a")).toBeGreaterThan(wire.indexOf("12"));
  });

  test("an allow sets OK in both places", () => {
    const verdict = { effect: "allow", policy: undefined, shadow: [] } as const;
    const changes = [
      { remove: ["authorization", "x-user"], set: [], removeQueryParameters: ["access_token"] },
      { remove: [], set: [["x-user", "ann"]], removeQueryParameters: [] },
    ] as const;
    const bytes = written(allowed(context, { token: undefined, verdict, changes }));
    const read = method.responseDeserialize(bytes) as Record<string, unknown>;
    expect(read["ok_response"]).toMatchObject({
      headers: [{ header: { key: "x-user", value: "ann" }, append_action: 2 }],
      headers_to_remove: ["authorization"],
      query_parameters_to_remove: ["access_token"],
      response_headers_to_add: [{ header: { key: "x-countersign-decision-id", value: "d-1" } }],
    });
    expect(read["denied_response"]).toBeUndefined();
  });

  test("dynamic metadata says who decided what under which revision", () => {
    const refusal = { code: "denied_by_policy", text: "RBAC: access denied" } as const;
    const policy = { kind: "AuthorizationPolicy", namespace: "a", name: "b", layer: "service", rule: 2 } as const;
    const realm = { effect: "deny", refusal, policy, shadow: [] } as const;
    const bytes = written({ ...denied(context, refusal), policy: realm.policy });
    const read = method.responseDeserialize(bytes) as { dynamic_metadata: { fields: object } };
    expect(read.dynamic_metadata.fields).toMatchObject({
      decision_id: { stringValue: "d-1" },
      effect: { stringValue: "deny" },
      reason: { stringValue: "denied_by_policy" },
      policy: { stringValue: "a/b[2]" },
      revision: { stringValue: "r-1" },
    });
  });
});

describe("a CheckRequest of any shape becomes a value", () => {
  test.each([
    ["nothing", {}],
    ["empty attributes", { attributes: {} }],
    ["no HTTP", { attributes: { request: {} } }],
  ])("%s is TCP", (_, wire) => {
    expect(fromCheckRequest(wire).http).toBeUndefined();
  });

  test("every header line is kept, names are lower-case, pseudo headers are not headers", () => {
    const wire = {
      attributes: {
        request: {
          http: {
            headers: { "X-Joined": "a,b", ":path": "/evil", "x-role": "c" },
            header_map: {
              headers: [
                { key: "X-Role", raw_value: Buffer.from("a") },
                { key: "x-role", raw_value: Buffer.from([0xff, 0x62]) },
                { key: ":authority", raw_value: Buffer.from("evil") },
                { key: "x-plain", value: "v" },
                { key: "", value: "nameless" },
              ],
            },
          },
        },
      },
    };
    const headers = fromCheckRequest(wire).http?.headers;
    expect(headers).toEqual(
      new Map([
        ["x-role", ["a", "\ufffdb", "c"]],
        ["x-plain", ["v"]],
        ["x-joined", ["a,b"]],
      ]),
    );
  });

  test("a header in both forms counts in both", () => {
    const both = { key: "x-bad", value: "1", raw_value: Buffer.from("0") };
    const same = { key: "x-same", value: "1", raw_value: Buffer.from("1") };
    const http = { header_map: { headers: [both, same] } };
    const headers = fromCheckRequest({ attributes: { request: { http } } }).http?.headers;
    expect(headers).toEqual(
      new Map([
        ["x-bad", ["0", "1"]],
        ["x-same", ["1"]],
      ]),
    );
  });

  test("metadata is bounded in depth and has no prototype", () => {
    let deep: object = { stringValue: "end" };
    for (let level = 0; level < 50; level++) deep = { structValue: { fields: { a: deep } } };
    const metadata = { filter_metadata: { f: { fields: { a: deep, __proto__x: { boolValue: true } } } } };
    const read = fromCheckRequest({ attributes: { metadata_context: metadata } }).metadata.get("f");
    expect(Object.getPrototypeOf(read)).toBe(null);
    expect(JSON.stringify(read).length).toBeLessThan(200);
  });
});
