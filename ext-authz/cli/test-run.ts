/**
 * Runs policy tests against compiled policies. In: tests, and the check that decides. Out: a result for each, and which
 * rules they reached. Effects: none but the check's.
 */
import type { Explanation } from "../authorize/explain-decision.ts";
import type { OfflineCheck } from "./check-offline.ts";
import { reportLines } from "./check-report.ts";
import { incomingOf } from "./check-request.ts";
import type { PolicyTest } from "./test-file.ts";

export interface TestResult {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly passed: boolean;
  /** What was wrong, a line each; empty when it passed. */
  readonly failures: readonly string[];
  readonly milliseconds: number;
  readonly explanation: Explanation;
}

/** @param clock milliseconds, monotonic */
export async function runTest(test: PolicyTest, offline: OfflineCheck, clock: () => number): Promise<TestResult> {
  const started = clock();
  const { explanation } = await offline.checkClaims(incomingOf(test.request, test.workload), test.claims);
  const failures = failuresOf(test, explanation);
  return {
    name: test.name,
    file: test.file,
    line: test.line,
    passed: failures.length === 0,
    failures,
    milliseconds: clock() - started,
    explanation,
  };
}

function failuresOf(test: PolicyTest, { effect, reason, policy }: Explanation): readonly string[] {
  const failures: string[] = [];
  if (effect !== test.expect) failures.push(`expected ${test.expect}, got ${effect} (${reason})`);
  if (test.reason !== undefined && reason !== test.reason) {
    failures.push(`expected the reason ${test.reason}, got ${reason}`);
  }
  if (test.policy !== undefined && !isPolicy(policy, test.policy)) {
    failures.push(`expected ${test.policy} to decide, it was ${policy === "" ? "no policy" : policy}`);
  }
  return failures;
}

/** `ns/name` stands for any rule of that policy. */
function isPolicy(actual: string, wanted: string): boolean {
  return actual === wanted || (!wanted.endsWith("]") && actual.replace(/\[\d+\]$/, "") === wanted);
}

export function testLines(result: TestResult): readonly string[] {
  if (result.passed) return [`✓ ${result.name}`];
  return [
    `✗ ${result.name}   ${result.file}:${result.line}`,
    ...result.failures.map((failure) => `    ${failure}`),
    ...reportLines(result.explanation).map((line) => (line === "" ? "" : `      ${line}`)),
  ];
}
