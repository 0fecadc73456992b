/**
 * Requests at an even rate through a proxy, over connections that are kept. In: port, rate, what to send. Out: every answer that
 * was not as it may be, and for each decision what it was. Effects: connections; bounded requests under way.
 */
import { Agent, request } from "node:http";

export interface Asked {
  readonly path: string;
  /** What may be answered. */
  readonly statuses: readonly number[];
}

export interface Answered {
  readonly path: string;
  readonly status: number;
  /** Of `x-countersign-decision-id`. */
  readonly decision: string;
}

export interface Load {
  readonly answers: readonly Answered[];
  /** In words; at most 20. */
  readonly failures: readonly string[];
  readonly milliseconds: readonly number[];
  /** Resolves with the first answer from now on that fits. */
  until(fits: (answer: Answered) => boolean): Promise<void>;
  /** Resolves when everything under way is answered. */
  stop(): Promise<void>;
}

const TICK_MS = 5;
/** Five seconds of the usual rate: a machine that is busy with something else is no failure. */
const MAX_UNDER_WAY = 1000;
const PATIENCE_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** @param rate requests in a second */
export function startLoad(port: number, rate: number, asked: readonly Asked[], headers: Record<string, string>): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_UNDER_WAY });
  const answers: Answered[] = [];
  const failures: string[] = [];
  const milliseconds: number[] = [];
  const waiting = new Set<(answer: Answered) => void>();
  const begun = performance.now();
  let sent = 0;
  let underWay = 0;
  const fail = (why: string): void => {
    if (failures.length < 20) failures.push(why);
  };
  const send = ({ path, statuses }: Asked): void => {
    if (underWay >= MAX_UNDER_WAY) {
      fail("too many requests under way");
      return;
    }
    underWay++;
    const started = performance.now();
    const finish = (status: number, why: string, decision = ""): void => {
      underWay--;
      milliseconds.push(performance.now() - started);
      if (!statuses.includes(status)) {
        fail(`${path}: ${status} ${why}`);
        return;
      }
      const answer = { path, status, decision };
      answers.push(answer);
      for (const look of [...waiting]) look(answer);
    };
    const call = request({ host: "127.0.0.1", port, path, headers, agent }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        if (body.length < 500) body += text;
      });
      response.on("end", () =>
        finish(response.statusCode ?? 0, body.slice(0, 300), String(response.headers["x-countersign-decision-id"])),
      );
    });
    call.setTimeout(TIMEOUT_MS, () => call.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
    call.on("error", (cause) => finish(0, String(cause)));
    call.end();
  };
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - begun) * rate) / 1000; sent++) {
      const next = asked[sent % asked.length];
      if (next !== undefined) send(next);
    }
  }, TICK_MS);
  return {
    answers,
    failures,
    milliseconds,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (answer: Answered): void => {
          if (!fits(answer)) return;
          clearTimeout(patience);
          waiting.delete(look);
          resolve();
        };
        const patience = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no such answer among ${answers.length}; ${failures.join("; ")}`));
        }, PATIENCE_MS);
        waiting.add(look);
      }),
    async stop() {
      clearInterval(timer);
      while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      agent.destroy();
    },
  };
}
