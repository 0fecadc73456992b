/**
 * What the soak's Envoy counted, under the soak's own names. In: the admin interface. Out: numbers by name, and where the
 * two listeners are. Effects: requests to the admin interface.
 */

const FILTER =
  "^http\\.(edge|zone)\\.(downstream_rq_completed|downstream_rq_5xx|.*extension_config_discovery.*)$|^extension_config_discovery|wasm";

export async function counters(admin: string): Promise<Readonly<Record<string, number>>> {
  const stats = await text(`${admin}/stats?filter=${encodeURIComponent(FILTER)}`);
  const of = (pattern: RegExp): number => {
    let sum = 0;
    for (const match of stats.matchAll(pattern)) sum += Number(match[1]);
    return sum;
  };
  // Before Envoy 1.39 the name begins with where the filter stands (docs/compatibility.md).
  const reasons = [...stats.matchAll(/(?:^|\.)wasmcustom\.countersign\.guard\.refused\.([a-z_]+): ([1-9]\d*)$/gm)];
  return {
    "requests at the edge": of(/^http\.edge\.downstream_rq_completed: (\d+)$/gm),
    "requests in the zone": of(/^http\.zone\.downstream_rq_completed: (\d+)$/gm),
    "pushes at the edge": of(/guard-edge\.config_reload: (\d+)$/gm),
    "pushes in the zone": of(/guard-zone\.config_reload: (\d+)$/gm),
    "pushes refused": of(/guard-(?:edge|zone)\.(?:config_fail|config_conflict): (\d+)$/gm),
    "traps and reloads": of(/^wasm\..*vm_reload[a-z_]*: (\d+)$/gm),
    "server errors": of(/^http\.(?:edge|zone)\.downstream_rq_5xx: (\d+)$/gm),
    ...Object.fromEntries(reasons.map(([, reason = "", count]) => [reason, Number(count)])),
  };
}

export async function ports(admin: string): Promise<{ readonly edge: number; readonly zone: number }> {
  const list = await text(`${admin}/listeners`);
  const of = (name: string) => Number(new RegExp(`^${name}::.*:(\\d+)$`, "m").exec(list)?.[1]);
  return { edge: of("edge"), zone: of("zone") };
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  return answer.text();
}
