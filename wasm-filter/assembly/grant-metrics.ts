/** What became of requests that grants could speak for: a closed set of counters. Effects: host calls. */
import { defineMetric, incrementMetric, MetricType } from "proxy-wasm-sdk-as/assembly";

export const HIT: i32 = 0;
export const MISS: i32 = 1;
export const REFRESH: i32 = 2;
export const KEPT: i32 = 3;
/** All grants at once, on another epoch. */
export const DROPPED: i32 = 4;
/** To keep what the server granted. */
export const REFUSED: i32 = 5;
const NAMES: string[] = ["hit", "miss", "refresh", "kept", "dropped", "refused"];

export class GrantMetrics {
  private ids: StaticArray<u32> = new StaticArray<u32>(NAMES.length);

  constructor(stand: string) {
    for (let i = 0; i < NAMES.length; i++) {
      this.ids[i] = defineMetric(MetricType.Counter, `countersign.${stand}.grant.${NAMES[i]}`);
    }
  }

  count(which: i32): void {
    incrementMetric(this.ids[which], 1);
  }
}
