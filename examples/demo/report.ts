/** The demo's words. In: rows, the topology. Out: lines for people. No effects. */
import { audience } from "./policies.ts";
import type { Row } from "./run-samples.ts";
import type { Topology } from "./topology.ts";

export function table(rows: readonly Row[]): readonly string[] {
  const cells = rows.map((row) => [
    row.unexpected === "" ? "ok" : "NO",
    row.name,
    String(row.status),
    row.by,
    row.reason,
    row.policy,
    `${row.milliseconds.toFixed(1)} ms`,
  ]);
  const all = [["", "request", "status", "decided by", "why", "policy", "took"], ...cells];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const wrong = rows.filter((row) => row.unexpected !== "").map((row) => `NO  ${row.name}: ${row.unexpected}`);
  return [...lines, ...wrong, `${rows.length - wrong.length} of ${rows.length} as they should be`];
}

/** What to try while the demo stays up. */
export function invitation({ issuer, edge, zone, edgeServer, edgeLog }: Topology): readonly string[] {
  const form = `-d grant_type=client_credentials -d client_id=buyer -d client_secret=secret -d scope=orders -d resource=${audience}`;
  const url = `http://127.0.0.1:${edge.port}/api/orders/7`;
  return [
    "",
    "Everything stays up until Ctrl-C. Try:",
    `  TOKEN=$(curl -s ${form} ${issuer}/token | node -pe 'JSON.parse(require("fs").readFileSync(0)).access_token')`,
    `  curl -i -H "authorization: Bearer $TOKEN" ${url}`,
    `  curl -i ${url}                                  # no token: the guard refuses`,
    `  curl -i -H "authorization: Bearer $TOKEN" -H "x-client-id: root" ${url}   # a forged identity is gone inside`,
    `  curl -i --path-as-is -H "authorization: Bearer $TOKEN" "http://127.0.0.1:${edge.port}/api/orders/..%3b/admin"`,
    `  curl -i http://127.0.0.1:${zone.port}/orders/7            # past the edge: no stamp`,
    `  curl -s ${edgeServer.http}/.well-known/jwks.json        # keys of the internal tokens`,
    `  tail -f ${edgeLog}   # who decided, and why`,
  ];
}
