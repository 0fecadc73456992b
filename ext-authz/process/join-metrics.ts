/**
 * Metrics of several processes as those of one. In: texts in the Prometheus exposition format, as we write it ourselves.
 * Out: one such text: counters and histograms added up, of gauges the greatest (ages, sizes: the worst is what counts). Pure.
 */

interface Family {
  readonly head: string[];
  readonly gauge: boolean;
  readonly series: Map<string, number>;
}

/** @param departed counters of processes that are gone: they keep counting, their gauges do not */
export function joinMetrics(living: readonly string[], departed: readonly string[] = []): string {
  const families = new Map<string, Family>();
  for (const text of living) add(families, text, true);
  for (const text of departed) add(families, text, false);
  const parts = [...families.values()].map(({ head, series }) =>
    [...head, ...[...series].map(([name, value]) => `${name} ${write(value)}`)].join("\n"),
  );
  return parts.length === 0 ? "" : `${parts.join("\n\n")}\n`;
}

function add(families: Map<string, Family>, text: string, living: boolean): void {
  let family: Family | undefined;
  let help = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("# HELP ")) help = line;
    else if (line.startsWith("# TYPE ")) {
      family = familyOf(families, help, line);
    } else if (line !== "" && family !== undefined && (living || !family.gauge)) {
      const space = line.lastIndexOf(" ");
      const name = line.slice(0, space);
      const value = Number(line.slice(space + 1).replace("+Inf", "Infinity"));
      const before = family.series.get(name);
      family.series.set(name, before === undefined ? value : family.gauge ? Math.max(before, value) : before + value);
    }
  }
}

function familyOf(families: Map<string, Family>, help: string, type: string): Family {
  const [, , name = "", kind] = type.split(" ");
  const known = families.get(name);
  if (known !== undefined) return known;
  const made: Family = { head: [help, type], gauge: kind === "gauge", series: new Map() };
  families.set(name, made);
  return made;
}

function write(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);
}
