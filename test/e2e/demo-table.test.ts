/** The demo's own table through real Envoys, then hostile requests and forged stamps on raw sockets. */
import { startTopology } from "../support/topology.ts";
import { demoTable } from "./demo-table.ts";

demoTable(() => startTopology({ checkTimeoutSeconds: 10 }));
