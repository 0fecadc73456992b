/** The echo service as a process of its own, for containers. Options: --host, --port. Stops on SIGTERM. */
import { parseArgs } from "node:util";
import { startEcho } from "./echo.ts";

const { values } = parseArgs({ options: { host: { type: "string" }, port: { type: "string", default: "8080" } } });
const echo = await startEcho(values.host, Number(values.port));
process.stdout.write(`listening on port ${echo.port}\n`);
process.once("SIGTERM", () => void echo.stop());
