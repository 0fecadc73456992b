/** Counters, gauges, histograms. In: ids with the type in the two low bits, as Envoy's. Out: Status; values in the host. */
import { METRIC_TYPES, STATUS } from "../abi.ts";
import { toText } from "../bytes.ts";
import type { VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

const COUNTER = 0;
const GAUGE = 1;
const HISTOGRAM = 2;

export function metricImports(vm: VmState): Imports {
  return {
    proxy_define_metric(type: number, name: number, nameSize: number, idOut: number) {
      const bytes = vm.memory.read(name, nameSize);
      if (!bytes) return STATUS.invalidMemoryAccess;
      const typeName = METRIC_TYPES[type];
      if (!typeName) return STATUS.badArgument;
      const text = toText(bytes);
      const key = `${typeName} ${text}`;
      const metric = vm.shared.metrics.get(key) ?? { type: typeName, name: text, value: 0n, samples: [] };
      vm.shared.metrics.set(key, metric);
      const id = (vm.metricIds.size + 1) * 4 + type;
      vm.metricIds.set(id, metric);
      return vm.memory.writeU32(idOut, id) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_increment_metric(id: number, delta: bigint) {
      const type = id & 3;
      if (type !== COUNTER && type !== GAUGE) return STATUS.badArgument;
      const metric = vm.metricIds.get(id >>> 0);
      if (!metric) return STATUS.notFound;
      if (type === COUNTER && delta <= 0n) return STATUS.badArgument;
      metric.value = BigInt.asUintN(64, metric.value + delta);
      return STATUS.ok;
    },
    proxy_record_metric(id: number, value: bigint) {
      const metric = vm.metricIds.get(id >>> 0);
      if (!metric) return STATUS.notFound;
      const amount = BigInt.asUintN(64, value);
      if ((id & 3) === HISTOGRAM) metric.samples.push(amount);
      else metric.value = (id & 3) === COUNTER ? BigInt.asUintN(64, metric.value + amount) : amount;
      return STATUS.ok;
    },
    proxy_get_metric(id: number, valueOut: number) {
      const type = id & 3;
      if (type !== COUNTER && type !== GAUGE) return STATUS.badArgument;
      const metric = vm.metricIds.get(id >>> 0);
      if (!metric) return STATUS.notFound;
      return vm.memory.writeU64(valueOut, metric.value) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
  };
}
