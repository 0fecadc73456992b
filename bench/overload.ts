/**
 * `npx tsx bench/overload.ts [--quick]`: what one server does with three times the checks that it can answer. Prints, for
 * each load, how many were decided within the deadline, decided late, refused with 503 (and how soon), and the memory.
 * Effects: one server process in a folder of its own. Numbers only: it never fails on a clock.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { startServer } from "../examples/demo/server-process.ts";
import { authorizationService } from "../ext-authz/transport/protos.ts";
import { residentBytes } from "./soak/memory.ts";

const quick = process.argv.includes("--quick");
const DEADLINE_MS = 200;
const SECONDS = quick ? 3 : 15;
const CONNECTIONS = 4;
/** Checks under way on each connection while its capacity is measured. */
const LANES = 16;
const TICK_MS = 4;
/** Under way at once, for a client that must not fall over itself. */
const MAX_UNDER_WAY = 20_000;
/** Rules that all must be looked at: checks so dear that this client can ask for three times what the server can do. */
const RULES = 300;
const UNAVAILABLE = 14;

interface Tally {
  readonly decided: number[];
  readonly refused: number[];
  failed: number;
  skipped: number;
  sent: number;
}

const policy = {
  apiVersion: "countersign.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name: "costly", namespace: "default" },
  spec: {
    action: "ALLOW",
    // The last one allows: denials would be logged, and that is another measurement.
    rules: Array.from({ length: RULES }, (_, n) => ({
      name: `r${n}`,
      cel: `request.path.startsWith("${n === RULES - 1 ? "/orders" : "/none"}/")`,
    })),
  },
};

function frame(): Buffer {
  const http = { method: "GET", path: "/orders/1", host: "orders.example", scheme: "http" };
  const message = authorizationService["Check"]?.requestSerialize({ attributes: { request: { http } } });
  if (message === undefined) throw new Error("no Check");
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

type Ask = (done: (code: number | undefined) => void) => void;

function openClient(address: string): { readonly ask: Ask; close(): void } {
  const session = connect(`http://${address}`);
  const body = frame();
  const path = "/envoy.service.auth.v3.Authorization/Check";
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  return {
    ask(done) {
      const stream = session.request(headers);
      let first: Buffer | undefined;
      stream.on("data", (chunk: Buffer) => {
        first ??= chunk;
      });
      stream.on("error", () => {});
      // google.rpc.Status stands first: 0a LL 08 CODE, after the five bytes of the frame.
      stream.on("close", () => done(first === undefined ? undefined : first[7] === 0x08 ? first[8] : 0));
      stream.end(body);
    },
    close: () => session.destroy(),
  };
}

function send(ask: Ask, tally: Tally, underWay: { count: number }, after: () => void = () => {}): void {
  const started = performance.now();
  underWay.count++;
  tally.sent++;
  ask((code) => {
    underWay.count--;
    const took = performance.now() - started;
    if (code === undefined) tally.failed++;
    else (code === UNAVAILABLE ? tally.refused : tally.decided).push(took);
    after();
  });
}

const newTally = (): Tally => ({ decided: [], refused: [], failed: 0, skipped: 0, sent: 0 });

/** Checks in a second that it answers when each waits for one before it. */
async function capacity(asks: readonly Ask[], seconds: number): Promise<number> {
  const tally = newTally();
  const end = performance.now() + seconds * 1000;
  const lanes = asks.flatMap((ask) => Array.from({ length: LANES }, () => ask));
  await Promise.all(
    lanes.map(
      (ask) =>
        new Promise<void>((resolve) => {
          const next = (): void => (performance.now() < end ? send(ask, tally, { count: 0 }, next) : resolve());
          next();
        }),
    ),
  );
  return tally.decided.length / seconds;
}

/** An even rate that does not care for answers. */
async function press(asks: readonly Ask[], rate: number, pid: number) {
  const tally = newTally();
  const underWay = { count: 0 };
  const resident: number[] = [];
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const started = performance.now();
  let due = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - started;
      for (; due < (rate * elapsed) / 1000; due++) {
        const ask = asks[due % asks.length];
        if (ask === undefined || underWay.count >= MAX_UNDER_WAY) tally.skipped++;
        else send(ask, tally, underWay);
      }
      if (elapsed > resident.length * 1000) {
        resident.push(0);
        const at = resident.length - 1;
        void residentBytes(pid).then((bytes) => {
          resident[at] = bytes;
        });
      }
      if (elapsed < SECONDS * 1000) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  const settled = performance.now() + 10_000;
  while (underWay.count > 0 && performance.now() < settled) await new Promise((resolve) => setTimeout(resolve, 20));
  lag.disable();
  return { tally, resident, lagMs: lag.percentile(99) / 1e6 };
}

const at = (numbers: readonly number[], share: number): string =>
  numbers.length === 0
    ? "-"
    : ([...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)] ?? 0).toFixed(1);
const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);

const folder = await mkdtemp(join(tmpdir(), "countersign-overload-"));
try {
  const settings = { listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0" } };
  const server = await startServer("server", settings, [policy], folder);
  const { host, port } = server.grpc;
  const clients = Array.from({ length: CONNECTIONS }, () => openClient(`${host}:${port}`));
  const asks = clients.map(({ ask }) => ask);
  await capacity(asks, quick ? 1 : 3);
  const most = await capacity(asks, quick ? 1 : 3);
  console.log(`one process answers ${most.toFixed(0)} checks/s of ${RULES} CEL rules; deadline ${DEADLINE_MS} ms\n`);
  console.log(
    "load  asked/s  decided/s  in time  late  refused/s  503 p50 ms  503 p99 ms  p50 ms  p99 ms  failed  unsent  own lag",
  );
  for (const times of [0.5, 1, 3, 0.5]) {
    const { tally, resident, lagMs } = await press(asks, most * times, server.child.pid);
    const late = tally.decided.filter((took) => took > DEADLINE_MS).length;
    const share = (100 * (tally.decided.length - late)) / Math.max(1, tally.decided.length);
    const row = [
      [`${times}x`, 4],
      [(tally.sent / SECONDS).toFixed(0), 9],
      [(tally.decided.length / SECONDS).toFixed(0), 11],
      [`${share.toFixed(1)}%`, 9],
      [late, 6],
      [(tally.refused.length / SECONDS).toFixed(0), 11],
      [at(tally.refused, 0.5), 12],
      [at(tally.refused, 0.99), 12],
      [at(tally.decided, 0.5), 8],
      [at(tally.decided, 0.99), 8],
      [tally.failed, 8],
      [tally.skipped, 8],
      [lagMs.toFixed(1), 9],
    ] as const;
    console.log(row.map(([cell, width]) => String(cell).padStart(width)).join(""));
    const known = resident.filter((bytes) => bytes > 0);
    console.log(`      resident MiB by second: ${known.map(mib).join(" ")}`);
  }
  for (const client of clients) client.close();
  await server.child.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}
