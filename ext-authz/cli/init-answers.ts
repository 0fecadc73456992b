/**
 * What `countersign init` must know. In: flags, and a way to ask. Out: answers that are checked, or what is wrong with one.
 * Effects: `ask`, where a flag is missing and somebody is there to be asked.
 */
import { readAddress } from "../render/address.ts";
import { UsageError } from "./command.ts";

export const INIT_TARGETS = ["envoy", "xds", "compose", "istio"] as const;
export type InitTarget = (typeof INIT_TARGETS)[number];

export interface Answers {
  /** The first takes clients; each leads to the next, the last to the service. */
  readonly zones: readonly string[];
  /** `iss` of the clients' tokens: an URL; its keys are found by discovery. */
  readonly issuer: string;
  /** `aud` that the tokens must have. */
  readonly audience: string;
  /** host:port of what is to be protected. */
  readonly service: string;
  readonly target: InitTarget;
}

export type Flags = { readonly [name in keyof Answers]?: string };
type Question = { readonly text: string; readonly standard: string; readonly check: (answer: string) => boolean };

/** Where the service is called from: another container does not reach this machine's loopback. */
const SERVICE: Readonly<Record<InitTarget, string>> = {
  envoy: "127.0.0.1:8080",
  xds: "127.0.0.1:8080",
  compose: "orders:8080",
  istio: "orders.apps.svc.cluster.local:8080",
};

const ZONE = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

const questions: Readonly<Record<keyof Answers, Question>> = {
  zones: {
    text: "Zones, the one that takes clients first",
    standard: "edge,inner",
    check: (answer) => {
      const names = list(answer);
      // Stamps stand between two zones: with one there is nothing to show that a request came through it.
      return (
        names.length > 1 &&
        names.length <= 8 &&
        names.every((name) => ZONE.test(name) && name !== "service") &&
        new Set(names).size === names.length
      );
    },
  },
  issuer: {
    text: "Issuer of the clients' tokens",
    standard: "https://idp.example.com",
    check: (answer) => /^https?:\/\/[^\s"'\\]+$/.test(answer) && URL.canParse(answer),
  },
  audience: {
    text: "Audience that they must have",
    standard: "https://orders.example.com",
    check: (answer) => /^[^\s"'\\]{1,200}$/.test(answer),
  },
  service: {
    text: "Service to protect, host:port",
    standard: "127.0.0.1:8080",
    check: (answer) => /^[A-Za-z0-9.-]+:\d+$/.test(answer) && (readAddress(answer)?.port ?? 0) > 0,
  },
  target: {
    text: `Where it runs: ${INIT_TARGETS.join(", ")}`,
    standard: "envoy",
    check: (answer) => INIT_TARGETS.some((target) => target === answer),
  },
};

/**
 * @param ask undefined = nobody is there: what no flag says is the default.
 * @throws UsageError for a flag that is wrong; a wrong answer is asked for again, a few times.
 */
export async function answersOf(
  flags: Flags,
  ask: ((question: string) => Promise<string>) | undefined,
): Promise<Answers> {
  const get = async (name: keyof Answers, also: Partial<Question> = {}): Promise<string> => {
    const { text, standard, check } = { ...questions[name], ...also };
    const flag = flags[name];
    if (flag !== undefined) {
      if (!check(flag)) throw new UsageError(`--${name}: not possible: ${JSON.stringify(flag)} (such as ${standard})`);
      return flag;
    }
    if (ask === undefined) return standard;
    for (let tries = 0; tries < 3; tries++) {
      const answer = (await ask(`${text} [${standard}]: `)).trim() || standard;
      if (check(answer)) return answer;
    }
    throw new UsageError(`--${name}: no answer that is possible (such as ${standard})`);
  };
  const named = await get("target");
  const target = INIT_TARGETS.find((one) => one === named) ?? "envoy";
  const zones = list(await get("zones"));
  const issuer = await get("issuer");
  const audience = await get("audience");
  const standard = SERVICE[target];
  const isLocal = standard.startsWith("127.");
  const check: Question["check"] = (answer) =>
    questions.service.check(answer) && (isLocal || !/^(?:127\.|localhost:)/.test(answer));
  return { zones, issuer, audience, service: await get("service", { standard, check }), target };
}

function list(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim());
}
