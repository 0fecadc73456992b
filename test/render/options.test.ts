/** Keys that are fetched, stamped bodies and signed answers: from the description to what stands and Envoy are told. */
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import type { Description } from "../../ext-authz/render/description.ts";
import { gatewayPlacement, meshPlacement, plainPlacement } from "../../ext-authz/render/placement.ts";
import { readDescription } from "../../ext-authz/render/read-description.ts";
import { zonesOf } from "../../ext-authz/render/zones.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { run } from "../cli/run-command.ts";
import { facts, problemsOf, SOUND } from "./description.ts";
import { foldersOf, renderText, SECRET, SETTINGS, withWorkspace, yamlFiles } from "./workspace.ts";

const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));
const at = withWorkspace();
const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = { "k.pub": pair.publicKey.export({ type: "spki", format: "pem" }).toString() };
const stampKeys = { file: "/keys", tokenFile: "/token" };
const serving = facts({ stampKeys, listen: { grpc: "0.0.0.0:9191", http: "0.0.0.0:9192" } }, pem);

/** Lines for the edge, and for the zone behind it. */
function described(edge: string, inner: string, from = SOUND): string {
  return from
    .replace("    token: { required: true }\n", `    token: { required: true }\n${edge}`)
    .replace(
      "    server: check\n    routes:\n      - { prefix: /, to",
      `    server: check\n${inner}    routes:\n      - { prefix: /, to`,
    );
}

function zones(text: string) {
  const read = readDescription("zones.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const made = zonesOf(read.value, serving, plainPlacement(read.value.description));
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const [edge, inner] = made.value;
  if (edge === undefined || inner === undefined) throw new Error("two zones");
  return { edge, inner };
}

const NO_KEYS = SOUND.replace("keys:\n  - { id: k1, secretEnv: STAMP_SECRET }\n", "");
const FROM = "    keysFrom: { tokenEnv: SIGNS, verifyTokenEnv: VERIFIES, pollMilliseconds: 1000 }\n";
const from = (tokenEnv: string) => ({ address: { host: "check", port: 9192 }, tokenEnv, pollMilliseconds: 1000 });

describe("what follows", () => {
  it("a zone that fetches asks its server, each stand with the token that it needs", () => {
    const { edge, inner } = zones(described(FROM, FROM, NO_KEYS));
    expect(edge.stamps).toMatchObject({ sign: "", keys: [], keysFrom: from("SIGNS") });
    expect(inner.accepts).toMatchObject({ keys: [], keysFrom: from("VERIFIES") });
  });

  it("keys beside serve from the start; one token does for both", () => {
    const { edge, inner } = zones(described("    keysFrom: { tokenEnv: T }\n", "    keysFrom: { tokenEnv: T }\n"));
    const [keys, keysFrom] = [[{ id: "k1", secretEnv: "STAMP_SECRET" }], { address: from("").address, tokenEnv: "T" }];
    expect(edge.stamps).toMatchObject({ sign: "k1", keys, keysFrom });
    expect(inner.accepts).toMatchObject({ keys, keysFrom });
  });

  it("who stamps for a zone that looks at bodies stamps them", () => {
    const { edge, inner } = zones(described("", "    contentDigest: { maxBytes: 100000 }\n"));
    expect(inner.accepts?.contentDigest).toEqual({ maxBytes: 100_000 });
    expect(edge.stamps?.contentDigest).toEqual({ maxBytes: 100_000 });
    expect(zones(described("", "    contentDigest: {}\n")).edge.stamps?.contentDigest).toEqual({ maxBytes: 65_536 });
    expect([zones(SOUND).edge.stamps, zones(SOUND).inner.accepts].map((one) => one && "contentDigest" in one)).toEqual([
      false,
      false,
    ]);
  });

  it("who stamps for a zone that signs its answers takes no others", () => {
    const keys = [{ id: "k1", secretEnv: "STAMP_SECRET" }];
    const shared = zones(described("", "    responses: {}\n"));
    expect(shared.inner.accepts?.responses).toEqual({ sign: "k1", keys });
    expect(shared.edge.stamps?.responses).toEqual({ keys });
    const fetched = zones(described(FROM, `${FROM}    responses: { sign: r9 }\n`, NO_KEYS));
    expect(fetched.inner.accepts?.responses).toEqual({ sign: "r9", keys: [], keysFrom: from("SIGNS") });
    expect(fetched.edge.stamps?.responses).toEqual({ keys: [], keysFrom: from("VERIFIES") });
  });

  it("of a pair that answers, the zone has the private half and who asked the public one", () => {
    const text = `responseKeys:
  - { id: r1, algorithm: ecdsa-p256-sha256, publicKeyFile: k.pub, privateKeyEnv: ANSWERS }
${described("", "    responses: {}\n")}`;
    const { edge, inner } = zones(text);
    const r1 = { id: "r1", algorithm: "ecdsa-p256-sha256" };
    expect(inner.accepts?.responses).toEqual({ sign: "r1", keys: [{ ...r1, privateKeyEnv: "ANSWERS" }] });
    expect(edge.stamps?.responses?.keys).toEqual([{ ...r1, publicKey: expect.stringMatching(/^MF/) }]);
  });
});

describe("refused, with path", () => {
  const two = `${described("", "    responses: {}\n").replace(
    "      - { prefix: /shop/, rewrite: /, to: inner }\n",
    "      - { prefix: /shop/, rewrite: /, to: inner }\n      - { prefix: /b/, to: second }\n",
  )}`.replace(
    "servers:\n",
    `  second:
    inbound: zone
    listen: 0.0.0.0:10002
    server: check
    routes:
      - { prefix: /, to: orders }
servers:\n`,
  );
  const mixed = SOUND.replace(
    "      - { prefix: /shop/, rewrite: /, to: inner }\n",
    "      - { prefix: /shop/, rewrite: /, to: inner }\n      - { prefix: /o/, to: orders }\n",
  );
  const istio = (description: Description) => meshPlacement(description, "istio");
  const onlyPair = (text: string) =>
    text.replace("secretEnv: STAMP_SECRET", "algorithm: ecdsa-p256-sha256, publicKeyFile: k.pub, privateKeyEnv: P");

  it.each<[string, string, string]>([
    [
      "an unknown member",
      described("", "    keysFrom: { tokenEnv: T, path: /k }\n"),
      "zones.inner.keysFrom.path: unknown key",
    ],
    ["no token", described("", "    keysFrom: {}\n"), "zones.inner.keysFrom.tokenEnv: is missing"],
    [
      "a token that is typed",
      described("", "    keysFrom: { tokenEnv: 'a b' }\n"),
      "keysFrom.tokenEnv: is not written as it must be",
    ],
    [
      "polls too often",
      described("", "    keysFrom: { tokenEnv: T, pollMilliseconds: 9 }\n"),
      "keysFrom.pollMilliseconds: ",
    ],
    [
      "bodies without end",
      described("", "    contentDigest: { maxBytes: 1048577 }\n"),
      "zones.inner.contentDigest.maxBytes: ",
    ],
    ["bodies at the edge", described("    contentDigest: {}\n", ""), "zones.edge.contentDigest: belongs to a zone"],
    ["answers at the edge", described("    responses: {}\n", ""), "zones.edge.responses: belongs to a zone"],
    [
      "a signer that is not there",
      described("", "    responses: { sign: k2 }\n"),
      "zones.inner.responses.sign: no such key",
    ],
    [
      "a pair that stamps, to answer",
      onlyPair(described("", "    responses: {}\n")),
      "zones.inner.responses: no key signs responses",
    ],
    [
      "answers that nobody can check",
      onlyPair(described("", "    responses: {}\n")),
      "zones.edge.routes: no key verifies responses",
    ],
    ["a zone that signs beside one that does not", two, "zones.edge.routes[1].to: second does not sign its responses"],
    [
      "a typed key for answers",
      `responseKeys: [{ id: r, secret: hunter2 }]\n${SOUND}`,
      "responseKeys[0].secret: unknown key",
    ],
    ["an answering key without source", `responseKeys: [{ id: r }]\n${SOUND}`, "responseKeys[0].id: needs one of"],
  ])("%s", (_, text, problem) => {
    const found = problemsOf(text, serving).join("\n");
    expect(found).toContain(problem);
    expect(found).not.toContain("hunter2");
  });

  it.each<[object, string]>([
    [{}, "zones.inner.keysFrom: the settings of check serve no keys"],
    [
      { stampKeys, listen: { grpc: "0.0.0.0:1", http: "127.0.0.1:2" } },
      "where proxies that ask check for keys do not reach it",
    ],
  ])("a server that does not answer: %j", (settings, problem) => {
    expect(problemsOf(described("", "    keysFrom: { tokenEnv: T }\n"), facts(settings)).join("\n")).toContain(problem);
  });

  it("what a target cannot say", () => {
    const gateway = (edge: string) => problemsOf(described(edge, edge), serving, gatewayPlacement).join("\n");
    expect(gateway("    keysFrom: { tokenEnv: T }\n")).toContain("have no cluster");
    const answering = described("", "    responses: {}\n", mixed);
    expect(problemsOf(answering, serving)).toEqual([]);
    expect(problemsOf(answering, serving, istio)).toEqual([]);
    const atRouter = answering.replace("context: GATEWAY,", "context: GATEWAY, stampStand: router,");
    expect(problemsOf(atRouter, serving, istio).join("\n")).toContain(
      "routes[1].to: the answers of orders are not signed",
    );
    const secret = `responseKeys: [{ id: r, secretFile: k }]\n${SOUND}`;
    const withFile = facts({}, { k: SECRET });
    expect(problemsOf(secret, withFile)).toEqual([]);
    expect(problemsOf(secret, withFile, istio).join("\n")).toContain("responseKeys[0]: its secret would stand");
  });
});

const ALL = described(FROM, `${FROM}    contentDigest: {}\n    responses: {}\n`);
const set = () => writeFile(at("countersign.yaml"), `${SETTINGS}stampKeys: { file: k.json, tokenFile: t }\n`);

describe.each(["envoy", "xds", "istio", "kuma"])("%s", (target) => {
  it("is written, the same twice, checked, and has nothing that doctor finds", async () => {
    await set();
    const first = await renderText(ALL, target, `all-${target}`);
    expect([first.code, first.err]).toEqual([0, ""]);
    expect((await renderText(ALL, target, `all-${target}`)).out).toMatch(/, 0 changed$/);
    const checked = (text: string) =>
      writeFile(at(`all-${target}.yaml`), text).then(() =>
        run("render", at(`all-${target}.yaml`), "--target", target, "--out", at(`all-${target}`), "--check"),
      );
    expect((await checked(ALL)).code).toBe(0);
    for (const member of ["pollMilliseconds: 1000", "    contentDigest: {}\n", "    responses: {}\n"]) {
      expect((await checked(ALL.replaceAll(member, ""))).code).toBe(1);
    }
    for (const inner of await foldersOf(at(`all-${target}`))) {
      const examined = await run("doctor", "envoy", inner, "--json");
      expect(JSON.parse(examined.out)).toMatchObject({ problems: [], hazards: [] });
    }
    const files = (await yamlFiles(at(`all-${target}`))).filter((name) => !name.startsWith("without-envoy-filter"));
    const text = (await Promise.all(files.map((name) => readFile(at(`all-${target}/${name}`), "utf8")))).join("\n");
    for (const named of ["SIGNS", "VERIFIES", "contentDigest", "responses"]) expect(text).toContain(named);
    expect(text.includes("outbound|9192||check.auth.svc.cluster.local")).toBe(target === "istio");
  });
});

it("WasmPlugins have keys by callout, and neither bodies nor answers", async () => {
  await set();
  await renderText(ALL, "istio", "plugins");
  const plugins = await readFile(at("plugins/without-envoy-filter/inner.yaml"), "utf8");
  expect([plugins.includes("keysFrom"), /contentDigest|responses/.test(plugins)]).toEqual([true, false]);
});

it.each(["edge", "inner"])("Envoy takes it: %s", async (zone) => {
  await set();
  const { path } = await findEnvoy();
  const logged = ALL.replaceAll("    server: check\n", `    server: check\n    accessLog: ${at("access.log")}\n`);
  const made = await renderText(logged.replace("filter: {", `filter: { file: ${filter},`), "envoy", "taken");
  expect([made.code, made.err]).toEqual([0, ""]);
  const env = { STAMP_SECRET: SECRET, SIGNS: "a-token-of-the-proxies", VERIFIES: "another-token-of-theirs" };
  const args = ["--mode", "validate", "-c", at(`taken/${zone}.yaml`), "--log-level", "error"];
  const { stdout, stderr } = await promisify(execFile)(path, args, { env });
  expect(`${stdout}${stderr}`).toContain("OK");
});

it("a description without them is rendered as before", () => {
  expect(JSON.stringify(zones(SOUND))).not.toMatch(/keysFrom|contentDigest|responses/);
});
