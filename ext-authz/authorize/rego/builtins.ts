/**
 * The built-in functions that a Wasm module may ask its host for. Pure: the time of an evaluation is an argument.
 * What is not listed is refused when the policy is loaded. Left out on purpose: `regex.split` (the SDK's runs on
 * backtracking expressions), `yaml.*` (bombs), `http.send` and all that reaches outside, `rand.intn`.
 */
import { decodeJwt, decodeVerifyJwt } from "./hmac-jwt.ts";

/** Served by @open-policy-agent/opa-wasm itself. */
const OF_THE_SDK: ReadonlySet<string> = new Set(["json.is_valid", "sprintf"]);

export interface HostBuiltins {
  readonly functions: { readonly [name: string]: (...args: readonly unknown[]) => unknown };
  /** Seconds since the epoch, one moment for a whole evaluation. */
  setTime(now: number): void;
}

export function hostBuiltins(): HostBuiltins {
  let nanoseconds = 0;
  return {
    functions: {
      "time.now_ns": () => nanoseconds,
      "io.jwt.decode": (token) => decodeJwt(token),
      "io.jwt.decode_verify": (token, constraints) => decodeVerifyJwt(token, constraints, nanoseconds),
    },
    setTime(now) {
      nanoseconds = Math.round(now * 1e9);
    },
  };
}

/** Names that neither the SDK nor we serve. */
export function missingBuiltins(wanted: readonly string[]): readonly string[] {
  const { functions } = hostBuiltins();
  return wanted.filter((name) => !OF_THE_SDK.has(name) && !Object.hasOwn(functions, name));
}
