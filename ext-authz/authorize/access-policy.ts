/**
 * In: one AccessPolicy. Out: its compiled tests. Pure, at load.
 * A test gives a boolean or an error, and never throws. What an error means is the action's matter: a DENY matches, an
 * ALLOW does not, a REQUIRE does not hold. So whatever breaks, less is allowed.
 */
import type { PolicyRef } from "../model.ts";
import type { AccessPolicy, AccessRule } from "../resources/access-policy-resource.ts";
import { layerOf } from "../resources/select.ts";
import { err, type Result } from "../result.ts";
import type { Circumstances } from "./access-policy-circumstances.ts";
import { compileCel } from "./cel/expression.ts";
import { readAnswer } from "./rego/answer.ts";
import { compileRego } from "./rego/engine.ts";

export type Judge = (circumstances: Circumstances) => Result<boolean, string>;

export interface AccessTest {
  readonly ref: PolicyRef;
  readonly judge: Judge;
}

/** What must be asked of a server before a test can be judged. Its identity is the key of the answer. */
export interface OpaQuestion {
  readonly url: string;
  readonly timeoutMs: number;
}

export interface CompiledAccessPolicy {
  readonly policy: AccessPolicy;
  readonly ref: PolicyRef;
  readonly tests: readonly AccessTest[];
  readonly question: OpaQuestion | undefined;
}

/** @throws Error for a policy that `resources/access-policy.ts` would not have let in */
export function compileAccessPolicy(policy: AccessPolicy, rootNamespace: string): CompiledAccessPolicy {
  const { kind, namespace, name, criterion } = policy;
  const ref = { kind, namespace, name, layer: layerOf(policy, rootNamespace), rule: -1 };
  switch (criterion.by) {
    case "cel":
      return { policy, ref, tests: celTests(criterion.rules, ref), question: undefined };
    case "rego": {
      const rule = compileRego(criterion.module, criterion.entrypoint);
      if (!rule.ok) throw new Error(`AccessPolicy ${namespace}/${name}: rego: ${rule.error}`);
      const run = rule.value;
      const judge: Judge = (circumstances) => {
        const input = circumstances.document();
        const { now } = circumstances;
        return input.ok ? run(input.value, now) : input;
      };
      return { policy, ref, tests: [{ ref, judge }], question: undefined };
    }
    case "opa": {
      const question = { url: criterion.url, timeoutMs: criterion.timeoutMs };
      const judge: Judge = ({ answers }) => {
        const answer = answers.get(question) ?? err("OPA was not asked");
        return answer.ok ? readAnswer(answer.value) : answer;
      };
      return { policy, ref, tests: [{ ref, judge }], question };
    }
    case "nothing":
      return { policy, ref, tests: [], question: undefined };
  }
}

/** A single expression is the policy as a whole (-1); rules have their index. */
function celTests(rules: readonly AccessRule[], ref: PolicyRef): readonly AccessTest[] {
  return rules.map(({ name, cel }, index) => {
    const compiled = compileCel(cel);
    if (!compiled.ok) throw new Error(`AccessPolicy ${ref.namespace}/${ref.name}: rule ${name}: cannot be compiled`);
    const run = compiled.value;
    return {
      ref: name === "" ? ref : { ...ref, rule: index },
      judge: (circumstances) => run(circumstances.attributes()),
    };
  });
}
