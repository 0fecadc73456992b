import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { compile, example } from "./compile.ts";
import { startEnvoy } from "./envoy-process.ts";

const e = await startEnvoy("/tmp/envoybin/envoy/_bin/envoy", await compile(example("probe")), "probe");
const post = (headers: string[], chunks: string[]) =>
  new Promise((res) => {
    const r = request({ host: "127.0.0.1", port: e.port, path: "/p", method: "POST", headers, timeout: 3000 }, (a) => {
      let t = "";
      a.on("data", (d) => (t += d));
      a.on("end", () => res([a.statusCode, t]));
    });
    r.on("timeout", () => {
      res("timeout");
      r.destroy();
    });
    r.on("error", (x) => res(String(x)));
    for (const c of chunks) r.write(c);
    r.end();
  });
console.log(await post(["host", "a", "x-probe", "body", "content-length", "6"], ["abc", "def"]));
console.log(await post(["host", "a", "x-probe", "body", "transfer-encoding", "chunked"], ["abc", "def"]));
await e.stop();
