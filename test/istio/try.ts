import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { fetched, startMesh } from "./mesh.ts";
for (let k = 0; k < 4; k++) {
const mesh = await startMesh({ place: await fetched() });
try {
    const t = await fetchToken(mesh.issuer, "buyer", audience);
  const seen: string[] = [];
  for (let i = 0; i < 12; i++) { const r = await send(mesh.edge.port, { path: "/api/orders/7", headers: { authorization: `Bearer ${t}` } }); const q = await send(mesh.edge.port, { path: "/api/recorded/orders/7", headers: { authorization: `Bearer ${t}` } }); seen.push(`${r.status}/${q.status}`); await pause(1000); }
  console.log(seen.join(" "));
  await pause(300);
  for (const l of [mesh.edgeLog, mesh.zoneLog]) { const x = (await readFile(l, "utf8").catch(() => "")).split("\n").filter((l) => l.includes('"code":503')); console.log(x.length, x[0]); }
  } finally { await mesh.stop(); }
}
