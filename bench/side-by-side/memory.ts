/**
 * Our server's memory under load. In: the setting, how long. Out: resident bytes over answers, and the line through them after
 * warming up. Effects: load; reads /proc.
 */
import { residentBytes } from "../soak/memory.ts";
import { to } from "./direct.ts";
import { packChecks } from "./requests.ts";
import type { Setting } from "./setting.ts";

export interface Memory {
  readonly answers: number;
  readonly seconds: number;
  /** The last that was seen. */
  readonly bytes: number;
  /** Bytes per second, fitted to the samples after the first third. */
  readonly slope: number;
  readonly samples: readonly { readonly seconds: number; readonly bytes: number }[];
}

const STEP_SECONDS = 2;

export async function measureMemory(setting: Setting): Promise<Memory | undefined> {
  const { effort, ours, loader, say, tokens } = setting;
  if (effort.soakSeconds === 0) return undefined;
  say(`memory: ${effort.soakSeconds} s of load with ${effort.tokens} tokens`);
  const packed = await packChecks(loader, "soak", tokens.get("RS256")?.slice(0, effort.tokens) ?? [], ours);
  const samples: { seconds: number; bytes: number }[] = [];
  const way = { kind: "closed", underWay: effort.underWay, seconds: STEP_SECONDS } as const;
  const begun = performance.now();
  let answers = 0;
  for (let seconds = 0; seconds < effort.soakSeconds; seconds = (performance.now() - begun) / 1000) {
    const outcome = await loader.run({ ...to(setting, ours), file: packed.file, from: 0, count: packed.count, way });
    answers += outcome.allowed;
    samples.push({ seconds: (performance.now() - begun) / 1000, bytes: await residentBytes(ours.child.pid) });
  }
  const late = samples.slice(Math.floor(samples.length / 3));
  const last = samples.at(-1) ?? { seconds: 0, bytes: Number.NaN };
  return { answers, ...last, slope: slopeOf(late), samples };
}

/** Least squares: bytes per second. */
export function slopeOf(points: readonly { readonly seconds: number; readonly bytes: number }[]): number {
  const mean = (of: (point: { seconds: number; bytes: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / Math.max(1, points.length);
  const [x, y] = [mean(({ seconds }) => seconds), mean(({ bytes }) => bytes)];
  const down = points.reduce((sum, { seconds }) => sum + (seconds - x) ** 2, 0);
  return down === 0 ? 0 : points.reduce((sum, { seconds, bytes }) => sum + (seconds - x) * (bytes - y), 0) / down;
}
