/** A clock and timers that move when a test says so, and an issuer that answers from a script. */
import type { JwksAnswer, JwksFetch, JwksRequest } from "../../ext-authz/authenticate/jwks-answer.ts";
import type { KeyDependencies } from "../../ext-authz/authenticate/remote-keys.ts";
import type { Result } from "../../ext-authz/result.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export interface HandClock {
  now(): number;
  /** Moves on, running what falls due in order, and lets promises settle after each step. */
  advance(seconds: number): Promise<void>;
  setTimer: KeyDependencies["setTimer"];
  pending(): number;
}

export function handClock(start: number): HandClock {
  let now = start;
  const timers = new Set<Timer>();
  return {
    now: () => now,
    pending: () => timers.size,
    setTimer(run, milliseconds) {
      const timer = { at: now + milliseconds / 1000, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(seconds) {
      const end = now + seconds;
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

/** Promises that only wait for promises are through after one turn of the loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export type Answer = Result<JwksAnswer, string> | "never" | "throws";

export interface ScriptedIssuer {
  readonly fetch: JwksFetch;
  readonly asked: JwksRequest[];
  /** What the URL answers from now on. */
  say(url: string, answer: Answer): void;
}

export function scriptedIssuer(): ScriptedIssuer {
  const answers = new Map<string, Answer>();
  const asked: JwksRequest[] = [];
  return {
    asked,
    say: (url, answer) => answers.set(url, answer),
    fetch(request) {
      asked.push(request);
      const answer = answers.get(request.url) ?? { ok: false, error: "down" };
      if (answer === "throws") return Promise.reject(new Error("a bug"));
      if (answer !== "never") return Promise.resolve(answer);
      return new Promise((resolve) => {
        request.signal.addEventListener("abort", () => resolve({ ok: false, error: "aborted" }), { once: true });
      });
    },
  };
}

export function document(text: string, etag = ""): Answer {
  return { ok: true, value: { kind: "document", text, etag } };
}

export const silentLog = { info() {}, warn() {} };
