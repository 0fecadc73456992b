/**
 * What AccessPolicies are judged by: the facts in the forms that their languages read, made when first asked for and once
 * per request. In: facts, the time, what servers answered. Out: those forms. Pure.
 */
import type { Result } from "../result.ts";
import type { OpaQuestion } from "./access-policy.ts";
import { attributesOf, type CelAttributes } from "./cel/attributes.ts";
import type { Facts } from "./facts.ts";
import { inputDocument } from "./rego/input-document.ts";

/** `result` of OPA's answer as it came (undefined = there was none), or why there is no answer. */
export type OpaAnswers = ReadonlyMap<OpaQuestion, Result<unknown, string>>;

export interface Circumstances {
  attributes(): CelAttributes;
  document(): Result<string, string>;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly answers: OpaAnswers;
}

/** What only the caller of `authorize` knows. */
export interface Surroundings {
  /** Seconds since the epoch; NaN = not known, and policies that need the time fail closed. */
  readonly now: number;
  readonly answers: OpaAnswers;
}

export const NO_SURROUNDINGS: Surroundings = { now: Number.NaN, answers: new Map() };

export function circumstancesOf(facts: Facts, { now, answers }: Surroundings): Circumstances {
  return new LazyCircumstances(facts, now, answers);
}

/** One object where closures were seven: one is made for each request, and most policies ask nothing of it. */
class LazyCircumstances implements Circumstances {
  readonly now: number;
  readonly answers: OpaAnswers;
  private readonly facts: Facts;
  private readAttributes: CelAttributes | undefined;
  private readDocument: Result<string, string> | undefined;

  constructor(facts: Facts, now: number, answers: OpaAnswers) {
    this.facts = facts;
    this.now = now;
    this.answers = answers;
  }
  attributes(): CelAttributes {
    this.readAttributes ??= attributesOf(this.facts);
    return this.readAttributes;
  }
  document(): Result<string, string> {
    this.readDocument ??= inputDocument(this.facts);
    return this.readDocument;
  }
}
