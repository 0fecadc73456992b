import { describe, expect, test } from "vitest";
import { compileRego, MAX_INPUT_BYTES } from "../../../ext-authz/authorize/rego/engine.ts";
import { rule, testModule } from "./modules.ts";

const asked = (method: string) => JSON.stringify({ attributes: { request: { http: { method } } }, parsed_body: null });

const answers: readonly (readonly [name: string, get: boolean | RegExp, post: boolean | RegExp])[] = [
  ["always", true, true],
  ["never", false, false],
  ["sometimes", true, /undefined/],
  ["object", true, false],
  ["nameless", /without a boolean/, /without a boolean/],
  ["text", /no boolean/, /no boolean/],
  ["number", /no boolean/, /no boolean/],
  ["list", /no boolean/, /no boolean/],
  ["nobody", true, true],
  ["caller", /undefined/, /undefined/],
  ["cyclic", true, true],
  ["conflict", /conflict/, /undefined/],
  ["hungry", /evaluation failed/, /evaluation failed/],
];

describe("a compiled Rego rule", () => {
  test.each(answers)("%s", (name, get, post) => {
    const run = rule(`countersign/cases/${name}`);
    const told = (method: string) => {
      const judged = run(asked(method), 0);
      return judged.ok ? judged.value : judged.error;
    };
    for (const [method, wanted] of [
      ["GET", get],
      ["POST", post],
    ] as const) {
      if (wanted instanceof RegExp) expect(told(method)).toMatch(wanted);
      else expect(told(method)).toBe(wanted);
    }
  });

  test("works on after its memory ended", () => {
    const run = rule("countersign/cases/conflict");
    expect(run(asked("GET"), 0).ok).toBe(false);
    const hungry = rule("countersign/cases/hungry");
    expect([hungry(asked("GET"), 0).ok, hungry(asked("GET"), 0).ok]).toEqual([false, false]);
    expect(rule("countersign/cases/sometimes")(asked("GET"), 0)).toEqual({ ok: true, value: true });
  });

  test("the instance of one evaluation does not leak into the next", () => {
    const run = rule("countersign/cases/sometimes");
    const seen = ["GET", "POST", "GET", "POST"].map((method) => run(asked(method), 0).ok);
    expect(seen).toEqual([true, false, true, false]);
  });

  test.each([
    ["too large an input", `{"a":"${"x".repeat(MAX_INPUT_BYTES)}"}`],
    ["10 MB", `{"a":"${"x".repeat(10_000_000)}"}`],
    ["deep nesting", `{"parsed_body":null,"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`],
    ["no JSON", "{"],
    ["nothing", ""],
  ])("%s ends without a throw, and never as an allow of another", (_, input) => {
    const run = rule("countersign/cases/sometimes");
    expect(run(input, 0).ok).toBe(false);
    expect(run(asked("GET"), 0)).toEqual({ ok: true, value: true });
  });
});

/** The smallest module there is: a magic number and a version. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

describe("what is no policy", () => {
  test.each([
    ["no bytes", new Uint8Array(0), /no WebAssembly/],
    ["text", new TextEncoder().encode("package a"), /no WebAssembly/],
    ["an empty module", EMPTY_MODULE, /no OPA module/],
    ["half a module", testModule.wasm.subarray(0, 1000), /no WebAssembly/],
  ])("%s is refused", (_, wasm, reason) => {
    const compiled = compileRego({ wasm, data: {} }, "envoy/authz/allow");
    expect(compiled.ok ? "" : compiled.error).toMatch(reason);
  });

  test.each(["envoy/authz/deny", "", "__proto__", "constructor"])("an entrypoint that is not there: %s", (name) => {
    const compiled = compileRego(testModule, name);
    expect(compiled.ok ? "" : compiled.error).toMatch(/has no entrypoint/);
  });

  test("built-ins that reach outside are refused when the policy is loaded", () => {
    const compiled = compileRego({ ...testModule, wasm: renamed("time.now_ns", "http.send\0\0") }, "envoy/authz/allow");
    expect(compiled.ok ? "" : compiled.error).toMatch(/needs built-ins that are not available here: http\.send/);
  });
});

/** The module with one name of its data written over; same length. */
function renamed(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(testModule.wasm);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) bytes.write(to, at, "latin1");
  return new Uint8Array(bytes);
}
