/** The settings of the listeners and of the life of the process: what is read, and what is refused at which place. */
import { expect, test } from "vitest";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { readSettings } from "../../ext-authz/config/read-settings.ts";

const read = (text: string) => readSettings({ file: "c.yaml", text, folder: "/etc/c", cores: 4 });

test("paths start at the folder, everything else has its default", () => {
  const settings = read("listen: { tls: { certFile: tls.crt, keyFile: /k } }\nserving: { drainSeconds: 7 }");
  expect(settings).toMatchObject({
    ok: true,
    value: {
      listen: {
        ...defaults.listen,
        tls: { certFile: "/etc/c/tls.crt", keyFile: "/k", clientCaFile: "", allowedSans: [] },
      },
      serving: { ...defaults.serving, drainSeconds: 7 },
    },
  });
});

test("no tls is none", () => {
  const settings = read("listen: { grpc: '127.0.0.1:1' }");
  expect(settings.ok && settings.value.listen).toEqual({ grpc: "127.0.0.1:1", http: defaults.listen.http });
});

test.each([
  ["listen: { tls: { certFile: a } }", "listen.tls.keyFile", "is missing"],
  ["listen: { tls: { certFile: a, keyFile: '' } }", "listen.tls.keyFile", "must NOT have fewer than 1 characters"],
  ["listen: { tls: { certFile: a, keyFile: b, allowedSans: ['DNS:x'] } }", "listen.tls.clientCaFile", "is missing"],
  [
    "listen: { tls: { certFile: a, keyFile: b, clientCaFile: c, allowedSans: ['x'] } }",
    "listen.tls.allowedSans[0]",
    "is no name",
  ],
  [
    "listen: { tls: { certFile: a, keyFile: b, clientCaFile: c, allowedSans: [] } }",
    "listen.tls.allowedSans",
    "must NOT have fewer than 1 items",
  ],
  ["listen: { tls: { certFile: a, keyFile: b, cert: c } }", "listen.tls.cert", "unknown key"],
  ["serving: { drainSeconds: -1 }", "serving.drainSeconds", "must be >= 0"],
  ["serving: { watch: maybe }", "serving.watch", "must be boolean"],
])("%s", (text, path, message) => {
  const settings = read(text);
  expect(settings.ok ? [] : settings.error.map((problem) => [problem.path, problem.message])).toEqual([
    [path, message],
  ]);
});
