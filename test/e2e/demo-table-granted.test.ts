/** The same table where the proxies repeat what was granted: nothing differs but the call that is not made. */
import { startTopology } from "../support/topology.ts";
import { demoTable } from "./demo-table.ts";

demoTable(() => startTopology({ checkTimeoutSeconds: 10, grants: true }));
