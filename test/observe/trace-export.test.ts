/** The way out: batches, bounds, a collector that does not want, and an end that does not wait. */
import { describe, expect, it } from "vitest";
import { createTraceExport, MAX_BATCH, MAX_WAITING, type PostOutcome } from "../../ext-authz/observe/trace-export.ts";
import { createTracePost } from "../../ext-authz/observe/trace-post.ts";
import type { Span } from "../../ext-authz/observe/trace-span.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";

const span = (name: string): Span => ({
  ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), parentSpanId: "", name, kind: "server" as const },
  ...{ startMs: 1, endMs: 2, attributes: {}, events: [], failed: false },
});

function exporting(outcomes: readonly PostOutcome[] = []) {
  const posted: number[] = [];
  const sent = { exported: 0, dropped: 0 };
  const timers: { run: () => void; milliseconds: number }[] = [];
  const exporter = createTraceExport({
    post: async (spans) => {
      posted.push(spans.length);
      return outcomes[posted.length - 1] ?? "taken";
    },
    setTimer: (run, milliseconds) => timers.push({ run, milliseconds }),
    sent: (spans, outcome) => {
      sent[outcome] += spans;
    },
  });
  /** Lets time pass: each timer that is set runs at once. @returns the milliseconds that went by */
  const run = async (most = 100): Promise<readonly number[]> => {
    const waits: number[] = [];
    while (waits.length < most) {
      const timer = timers.shift();
      if (timer === undefined) break;
      waits.push(timer.milliseconds);
      timer.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return waits;
  };
  const add = (count: number): void => {
    for (let n = 0; n < count; n++) exporter.add(span(`s${n}`));
  };
  return { exporter, posted, sent, run, add };
}

describe("sending spans", () => {
  it("waits for more, then sends them together", async () => {
    const { add, run, posted, sent } = exporting();
    add(3);
    expect(await run()).toEqual([1000]);
    expect(posted).toEqual([3]);
    expect(sent).toEqual({ exported: 3, dropped: 0 });
  });

  it("sends many in parts, one after the other", async () => {
    const { add, run, posted } = exporting();
    add(2 * MAX_BATCH + 1);
    await run();
    expect(posted).toEqual([MAX_BATCH, MAX_BATCH, 1]);
  });

  it("keeps no more than its bound", async () => {
    const { add, run, sent } = exporting();
    add(MAX_WAITING + 5);
    expect(sent.dropped).toBe(5);
    await run();
    expect(sent.exported).toBe(MAX_WAITING);
  });

  it.each([
    ["refuses", ["refused"], [1000], { exported: 0, dropped: 2 }],
    ["cannot now", ["again", "again", "taken"], [1000, 1000, 2000], { exported: 2, dropped: 0 }],
    [
      "never can",
      ["again", "again", "again", "again", "again"],
      [1000, 1000, 2000, 4000, 8000],
      { exported: 0, dropped: 2 },
    ],
  ] as const)("to a collector that %s", async (_, outcomes, waits, counted) => {
    const { add, run, sent } = exporting(outcomes);
    add(2);
    expect(await run()).toEqual(waits);
    expect(sent).toEqual(counted);
  });

  it("ends with one last try, and loses what does not fit into it", async () => {
    const { exporter, add, sent, posted } = exporting();
    add(MAX_BATCH + 7);
    await exporter.stop();
    exporter.add(span("late"));
    expect(posted).toEqual([MAX_BATCH]);
    expect(sent).toEqual({ exported: MAX_BATCH, dropped: 8 });
  });

  it("does not wait for its next try when it ends", async () => {
    const { exporter, add, run, sent } = exporting(["again", "again"]);
    add(1);
    // The second try waits for a timer that never comes.
    await run(1);
    await exporter.stop();
    expect(sent).toEqual({ exported: 0, dropped: 1 });
  });
});

describe("one POST", () => {
  it.each([
    [200, "taken"],
    [202, "taken"],
    [301, "refused"],
    [400, "refused"],
    [401, "refused"],
    [429, "again"],
    [500, "refused"],
    [503, "again"],
  ])("answered %d", async (status, outcome) => {
    const receiver = await startOtlpReceiver();
    try {
      receiver.answer(status);
      const post = createTracePost({ endpoint: receiver.endpoint, headers: { "x-key": "k" } });
      expect(await post('{"resourceSpans":[]}')).toBe(outcome);
      expect(receiver.requests).toMatchObject([
        { path: "/v1/traces", headers: { "x-key": "k", "content-type": "application/json" } },
      ]);
    } finally {
      await receiver.stop();
    }
  });

  it("that nobody answers may be tried again", async () => {
    const receiver = await startOtlpReceiver();
    await receiver.stop();
    expect(await createTracePost({ endpoint: receiver.endpoint, headers: {} })("{}")).toBe("again");
  });
});
