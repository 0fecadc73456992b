/**
 * One authorization server over time. In: opaque tokens, clock, timers, a way to ask. Out: what it says of each, from a
 * bounded memory where that is fresh, else by one question per token at a time. What could not be asked is an outage and is
 * not remembered: neither a yes nor a no comes from it.
 */
import { createHash } from "node:crypto";
import type { TokenIntrospection } from "../../resources/credential-resource.ts";
import { displayUrl } from "../../resources/display-url.ts";
import { err, ok, type Result } from "../../result.ts";
import { type IntrospectionAnswer, readIntrospectionAnswer } from "./introspection-answer.ts";
import type { IntrospectionPost } from "./introspection-post.ts";

export interface IntrospectorDependencies {
  readonly post: IntrospectionPost;
  /** Contents of a small file, or why it cannot be read. */
  readonly readFile: (path: string) => Promise<Result<string, string>>;
  readonly now: () => number;
  readonly setTimer: (run: () => void, milliseconds: number) => () => void;
  readonly log: { warn(message: string, fields: Readonly<Record<string, unknown>>): void };
  readonly jsonDepth: number;
}

/** `until`: seconds since the epoch up to which the same question gets the same answer. */
export type Introspected =
  | { readonly ok: true; readonly value: IntrospectionAnswer; readonly until: number }
  | { readonly ok: false; readonly error: string };

export interface Introspector {
  /** At once where the answer is known. Never rejects; the error is an outage, for the log. */
  introspect(token: string): Introspected | Promise<Introspected>;
  stop(): void;
}

interface Known {
  readonly answer: IntrospectionAnswer;
  /** Seconds since the epoch. */
  readonly since: number;
  readonly until: number;
}

const MAX_ACTIVE = 10_000;
/** Tokens that nobody issued cost their sender nothing: they have a memory of their own, and push no good one out. */
const MAX_INACTIVE = 1000;
/** A token that was just issued may not be known everywhere yet. */
const INACTIVE_SECONDS = 5;
const MAX_IN_FLIGHT = 256;
const MAX_ANSWER_BYTES = 65_536;

export function createIntrospector(resource: TokenIntrospection, dependencies: IntrospectorDependencies): Introspector {
  const { post, readFile, now, setTimer, log } = dependencies;
  const questions = new Set<AbortController>();
  const active = new Map<string, Known>();
  const inactive = new Map<string, Known>();
  const inFlight = new Map<string, Promise<Introspected>>();

  async function ask(token: string): Promise<Result<IntrospectionAnswer, string>> {
    const secret = await readFile(resource.clientSecretFile);
    if (!secret.ok) return err(`clientSecretFile: ${secret.error}`);
    const bound = new AbortController();
    questions.add(bound);
    const cancel = setTimer(() => bound.abort(), resource.timeoutMs);
    const answer = await post({
      url: resource.endpoint,
      authorization: basic(resource.clientId, secret.value.replace(/\r?\n$/, "")),
      body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
      maxBytes: MAX_ANSWER_BYTES,
      signal: bound.signal,
    });
    cancel();
    questions.delete(bound);
    if (bound.signal.aborted) return err("timed out");
    return answer.ok ? readIntrospectionAnswer(answer.value, dependencies.jsonDepth) : answer;
  }

  async function askAndRemember(name: string, token: string): Promise<Introspected> {
    const result = await ask(token).catch(() => err("internal"));
    inFlight.delete(name);
    if (result.ok) return { ...result, until: remember(name, result.value) };
    log.warn("introspection failed", { endpoint: displayUrl(resource.endpoint), reason: result.error });
    return result;
  }

  /** @returns until when; nothing is remembered that has ended already. */
  function remember(name: string, answer: IntrospectionAnswer): number {
    const bound = answer.active ? (answer.expiresAt ?? Number.POSITIVE_INFINITY) : now() + INACTIVE_SECONDS;
    const until = Math.min(now() + resource.cacheSeconds, bound);
    if (until <= now()) return until;
    const memory = answer.active ? active : inactive;
    memory.set(name, { answer, since: now(), until });
    const oldest = memory.keys().next();
    if (memory.size > (answer.active ? MAX_ACTIVE : MAX_INACTIVE) && oldest.done !== true) memory.delete(oldest.value);
    return until;
  }

  function recall(name: string): Known | undefined {
    for (const memory of [active, inactive]) {
      const known = memory.get(name);
      if (known === undefined) continue;
      memory.delete(name);
      // A clock that steps back must not lengthen what is remembered.
      if (now() >= known.until || now() < known.since) continue;
      // Last used, last forgotten.
      memory.set(name, known);
      return known;
    }
    return undefined;
  }

  return {
    introspect(token) {
      // Hashed: a dump of this memory holds no token.
      const name = createHash("sha256").update(token).digest("base64url");
      const known = recall(name);
      if (known !== undefined) return { ...ok(known.answer), until: known.until };
      const pending = inFlight.get(name);
      if (pending !== undefined) return pending;
      if (inFlight.size >= MAX_IN_FLIGHT) return err("too many questions under way");
      const question = askAndRemember(name, token);
      inFlight.set(name, question);
      return question;
    },
    stop() {
      for (const question of questions) question.abort();
    },
  };
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
}
