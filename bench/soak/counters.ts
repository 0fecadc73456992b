/**
 * What the soak's Envoy counted, under the soak's own names. In: the admin interface. Out: numbers by name, those that must fit
 * and those that are worth a look, and where the listeners are. Effects: requests to the admin interface.
 */

const FILTER =
  "^http\\.[a-z]+\\.(downstream_rq_completed|downstream_rq_5xx|ext_authz\\..*|.*extension_config_discovery.*)$" +
  "|^extension_config_discovery|wasm";

export type Counts = Readonly<Record<string, number>>;

export interface Counted {
  /** Must be equal to what was sent. */
  readonly exact: Counts;
  /** Depends on time. */
  readonly noted: Counts;
}

export async function counters(admin: string): Promise<Counted> {
  const stats = await text(`${admin}/stats?filter=${encodeURIComponent(FILTER)}`);
  const of = (pattern: RegExp): number => {
    let sum = 0;
    for (const match of stats.matchAll(pattern)) sum += Number(match[1]);
    return sum;
  };
  // Before Envoy 1.39 the name begins with where the filter stands (docs/compatibility.md).
  const custom = (name: string): number => of(new RegExp(`(?:^|\\.)wasmcustom\\.countersign\\.${name}: (\\d+)$`, "gm"));
  const reasons = [
    ...stats.matchAll(/(?:^|\.)wasmcustom\.countersign\.(?:guard|stamp)\.refused\.([a-z_]+): ([1-9]\d*)$/gm),
  ];
  const checked = (what: string): number => of(new RegExp(`^http\\.edge\\.ext_authz\\..*\\b${what}: (\\d+)$`, "gm"));
  const [allowed, denied, granted] = [checked("ok"), checked("denied"), custom("guard\\.grant\\.hit")];
  return {
    exact: {
      "requests at the edge": of(/^http\.edge\.downstream_rq_completed: (\d+)$/gm),
      "requests in the zone": of(/^http\.zone\.downstream_rq_completed: (\d+)$/gm),
      "requests behind the zone": of(/^http\.deep\.downstream_rq_completed: (\d+)$/gm),
      "allowed or granted": allowed + granted,
      "denied by the server": denied,
      "checks that failed": checked("error"),
      "pushes at the edge": of(/guard-edge\.config_reload: (\d+)$/gm),
      "pushes in the zone": of(/guard-zone\.config_reload: (\d+)$/gm),
      "pushes refused": of(/guard-(?:edge|zone)\.(?:config_fail|config_conflict): (\d+)$/gm),
      "traps and reloads": of(/^wasm\..*vm_reload[a-z_]*: (\d+)$/gm),
      "server errors": of(/^http\.(?:edge|zone|deep)\.downstream_rq_5xx: (\d+)$/gm),
      ...Object.fromEntries(reasons.map(([, reason = "", count]) => [reason, Number(count)])),
    },
    noted: {
      granted,
      asked: allowed + denied,
      "grants kept": custom("guard\\.grant\\.kept"),
      "grants not kept": custom("guard\\.grant\\.refused"),
      "key answers taken": custom("(?:guard|stamp)\\.keys\\.changed"),
      "key answers failed": custom("(?:guard|stamp)\\.keys\\.failed"),
    },
  };
}

/** What was counted since. */
export function since(before: Counts, after: Counts): Counts {
  const entries = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(entries.filter(([name, count]) => count !== 0 || !(name in before) || name.includes(" ")));
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
