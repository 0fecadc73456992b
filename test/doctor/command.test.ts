import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { run, withFiles } from "../cli/run-command.ts";
import { at, changed, sound } from "./sound-envoy.ts";

const broken = changed(sound, [...at.extAuthz, "failure_mode_allow"], true);
const yaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false });
const file = withFiles({
  "sound.yaml": yaml(sound),
  "broken.yaml": yaml(broken),
  "broken.json": JSON.stringify(broken),
  "torn.yaml": "admin: { address: [",
  "secret.yaml": "admin: &hunter2 { password: hunter2 }",
  "quoted.yaml": "admin: |x hunter2\n  a",
  "tagged.yaml": "admin: !hunter2 a",
  "empty.yaml": "",
  "deployment.yaml": "apiVersion: apps/v1\nkind: Deployment",
  "other.yaml": "services: { web: { image: nginx } }",
});
const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const doctor = (...args: readonly string[]) => run("doctor", "envoy", ...args);

test("in words: place, id, why and fix", async () => {
  const { code, out } = await doctor(file("broken.yaml"));
  const [place = "", why, fix, end] = out.split("\n");
  expect(code).toBe(1);
  expect(place).toMatch(/broken\.yaml:\d+: error failure_mode_allow: static_resources\.listeners\[0\].*: true$/);
  expect(why).toBe("    why: while ext_authz cannot be reached, every request passes unchecked");
  expect(fix).toBe("    fix: failure_mode_allow: false (Istio: failOpen: false)");
  expect(end).toBe("1 documents, 1 HTTP entries, 1 hazards");
});

test("as data", async () => {
  const { code, out } = await doctor("--json", file("broken.json"));
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    documents: 1,
    managers: 1,
    problems: [],
    hazards: [{ id: "failure_mode_allow", severity: "error", line: 0 }],
    cut: false,
  });
});

test.each([
  ["a sound file", ["sound.yaml"], 0],
  ["a sound file beside a foreign one", ["sound.yaml", "other.yaml"], 0],
  ["a torn file", ["torn.yaml"], 2],
  ["a torn file beside hazards", ["torn.yaml", "broken.yaml"], 2],
  ["an empty file", ["empty.yaml"], 2],
  ["a foreign file", ["other.yaml"], 2],
  ["an object that is not Istio's", ["deployment.yaml"], 2],
  ["a file that is not there", ["gone.yaml"], 2],
  ["nothing", [], 2],
])("%s", async (_, names, code) => {
  const result = await doctor(...names.map(file));
  expect(result.code).toBe(code);
  expect(result.err === "").toBe(code === 0);
});

test("a folder is read whole; what is wrong in it is said for each file, and no value of it", async () => {
  const { code, out, err } = await doctor(file(""));
  expect(code).toBe(2);
  for (const name of ["torn", "empty"]) expect(err).toContain(`${name}.yaml:1:`);
  expect(out).toContain("failure_mode_allow");
  expect(out + err.replaceAll("remove &hunter2", "")).not.toContain("hunter2");
});

test("what we render, and the policies of the demo, have no hazards", async () => {
  const policies = ["edge", "zone"].map((zone) => here(`examples/demo/config/${zone}/policies.yaml`));
  const result = await doctor("--json", here("envoy"), ...policies);
  expect(JSON.parse(result.out)).toMatchObject({ hazards: [], problems: [] });
  expect(JSON.parse(result.out).managers).toBeGreaterThanOrEqual(2);
  expect(result.code).toBe(0);
});

describe("a running Envoy", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(listener: RequestListener): Promise<string> {
    const started = createServer(listener);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  }

  test("is asked for its dump", async () => {
    const url = await serve((req, res) => {
      if (req.url !== "/config_dump") return res.writeHead(404).end();
      return res.end(JSON.stringify({ configs: [{ bootstrap: broken }] }));
    });
    const { code, out } = await doctor(url);
    expect(code).toBe(1);
    expect(out).toContain(`${url}/config_dump: error failure_mode_allow: configs[0].bootstrap`);
  });

  test.each<[string, RequestListener]>([
    ["redirects", (_, res) => res.writeHead(302, { location: "/config_dump?again" }).end()],
    ["fails", (_, res) => res.writeHead(500).end()],
    ["breaks off", (_, res) => res.socket?.destroy()],
    ["sends no text", (_, res) => res.end(Buffer.from([0xff, 0xfe]))],
  ])("that %s could not be examined", async (_, listener) => {
    const { code, err } = await doctor(await serve(listener));
    expect([code, err]).toEqual([3, expect.stringContaining("/config_dump: ")]);
  });

  test("that sends something else is bad input", async () => {
    expect((await doctor(await serve((_, res) => res.end("<html>")))).code).toBe(2);
  });

  test.each(["ftp://127.0.0.1", "file:///etc/passwd", "http://user:hunter2@127.0.0.1", "http://"])(
    "%s is not asked",
    async (url) => {
      const { code, err } = await doctor(url);
      expect(code).toBe(2);
      expect(err).not.toContain("hunter2");
    },
  );
});
