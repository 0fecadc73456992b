/**
 * The floor: a Check server that allows everything and reads nothing. In: nothing. Out: its port on standard output. What Envoy
 * spends on asking anybody at all is left. Stops on SIGTERM.
 */
import { createServer } from "node:http2";

/** gRPC's frame around `status { code: OK }` and an empty `ok_response`. */
const answer = Buffer.from([0, 0, 0, 0, 4, 0x0a, 0, 0x1a, 0]);

const server = createServer();
server.on("stream", (stream) => {
  stream.on("error", () => {});
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.resume();
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.end(answer);
});
server.listen(0, "127.0.0.1", () => {
  const bound = server.address();
  process.stdout.write(`listening ${typeof bound === "object" && bound !== null ? bound.port : 0}\n`);
});
process.once("SIGTERM", () => process.exit(0));
