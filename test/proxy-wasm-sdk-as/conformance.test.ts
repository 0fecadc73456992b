/** The conformance table in the Node host. */
import { beforeAll, expect, test } from "vitest";
import { createHost } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { compile, example } from "./compile.ts";
import { bodyAnswer, conformanceCases } from "./conformance-cases.ts";

let module: Uint8Array;
beforeAll(async () => {
  module = await compile(example("probe"));
});

test.each(conformanceCases)("$title", async ({ headers = [], probe, answer }) => {
  const host = await createHost(module);
  const stream = host.startPlugin({ rootId: "probe" }).stream();
  const pseudo = [
    [":authority", "a"],
    [":path", "/p"],
    [":method", "GET"],
    [":scheme", "http"],
  ] as const;
  const { localReply } = stream.requestHeaders([...pseudo, ["x-probe", probe], ...headers], { endOfStream: true });
  expect(localReply?.status).toBe(200);
  expect(Buffer.from(localReply?.body ?? []).toString()).toBe(answer);
});

test("a body is read by range and changed at both ends, not in the middle", async () => {
  const stream = (await createHost(module)).startPlugin({ rootId: "probe" }).stream();
  stream.requestHeaders([
    [":path", "/p"],
    ["x-probe", "body"],
  ]);
  stream.requestBody("abc");
  const { localReply } = stream.requestBody("def", { endOfStream: true });
  expect(Buffer.from(localReply?.body ?? []).toString()).toBe(bodyAnswer);
});
