import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type Examined, examine } from "../../ext-authz/doctor/envoy/examine.ts";
import { readConfig } from "../../ext-authz/doctor/envoy/read-config.ts";
import { formatPath } from "../../ext-authz/resources/field-path.ts";
import { innocent, rows } from "./envoy-hazards.ts";
import { at, changed, type Json, sound } from "./sound-envoy.ts";

const yaml = (value: Json): string => stringify(value, { aliasDuplicateObjects: false });

function examineText(text: string): Examined {
  const { documents, problems } = readConfig("envoy.yaml", text);
  expect(problems).toEqual([]);
  return examine(documents);
}

const idsOf = ({ hazards }: Examined) => hazards.map(({ id }) => id);

/** As protobuf's JSON may also be written. Names of filters and types keep their letters. */
function camel(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => camel(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.includes(".") ? key : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camel(inner),
    ]),
  );
}

test("a sound configuration has no hazards", () => {
  expect(examineText(yaml(sound))).toMatchObject({ hazards: [], managers: 1, unknown: [] });
});

describe("each hazard", () => {
  test.each(rows)("$id", ({ id, path, to, found = path }) => {
    const broken = changed(sound, path, to);
    const { hazards } = examineText(yaml(broken));
    expect(hazards.map((one) => [one.id, one.path])).toEqual([[id, formatPath(found)]]);
    expect(hazards[0]?.line).toBeGreaterThan(0);
    expect(idsOf(examineText(JSON.stringify(broken)))).toEqual([id]);
    expect(idsOf(examineText(JSON.stringify(camel(broken))))).toEqual([id]);
  });

  test.each(innocent)("%s is none", (_, path, to) => {
    expect(examineText(yaml(changed(sound, path, to))).hazards).toEqual([]);
  });
});

describe("a dump of a running Envoy", () => {
  const dump = (value: Json, more: readonly Json[] = []): Json => ({
    configs: [
      { "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", bootstrap: value },
      {
        "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        static_listeners: Object(value).static_resources.listeners.map((listener: Json) => ({ listener })),
        dynamic_listeners: more,
      },
    ],
  });
  const broken = changed(sound, [...(rows[0]?.path ?? [])], rows[0]?.to);

  test("says a thing once, though it shows it twice", () => {
    const { hazards } = examineText(JSON.stringify(dump(broken)));
    expect(hazards.map(({ id, path, line }) => [id, path.startsWith("configs[1].static_listeners"), line])).toEqual([
      ["failure_mode_allow", true, 0],
    ]);
  });

  test("has an admin address", () => {
    const open = changed(sound, ["admin", "address", "socket_address", "address"], "10.0.0.1");
    expect(idsOf(examineText(JSON.stringify(dump(open))))).toEqual(["admin_public"]);
  });

  test("what drains or failed is not in force", () => {
    const listener = Object(broken).static_resources.listeners[0];
    const states = [{ draining_state: { listener } }, { error_state: { failed_configuration: listener } }];
    expect(idsOf(examineText(JSON.stringify(dump(sound, states))))).toEqual([]);
    expect(idsOf(examineText(JSON.stringify(dump(sound, [{ active_state: { listener } }]))))).toEqual([
      "failure_mode_allow",
    ]);
  });
});

test("several files are one configuration", () => {
  const [edge, side] = ["ext_authz_missing"].flatMap((id) => {
    const row = rows.find((one) => one.id === id);
    const resource = { resources: [{ "@type": "type.googleapis.com/Listener", ...Object(row?.to) }] };
    return [yaml(sound), yaml(resource)];
  });
  const documents = [edge ?? "", side ?? ""].flatMap((text, index) => readConfig(`${index}.yaml`, text).documents);
  expect(examine(documents).hazards.map(({ id, file }) => [id, file])).toEqual([["ext_authz_missing", "1.yaml"]]);
  expect(idsOf(examineText(side ?? ""))).toEqual([]);
});

describe("hostile input", () => {
  test("deep nesting is refused", () => {
    const text = `{"admin":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(readConfig("deep.json", text)).toMatchObject({
      documents: [],
      problems: [{ message: expect.stringContaining("nested deeper") }],
    });
  });

  test.each(["__proto__", "constructor", "toString"])("a member called %s is a member", (name) => {
    const text = `{"admin": {"address": {"socket_address": {"address": "127.0.0.1"}}}, "${name}": {"normalize_path": 1}}`;
    expect(examineText(text).hazards).toEqual([]);
  });

  test("there are only so many findings", () => {
    const open = { "@type": "x/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", failure_mode_allow: true };
    const { hazards, cut } = examineText(JSON.stringify({ resources: Array.from({ length: 2000 }, () => open) }));
    expect([hazards.length, cut]).toEqual([1000, true]);
  });

  test("values are not printed", () => {
    const lists = rows.map(({ path, to }) => examineText(yaml(changed(sound, path, to))).hazards);
    expect(JSON.stringify(lists)).not.toContain("hunter2");
  });

  test("names cannot write on a terminal", () => {
    const filters = changed(sound, at.guard, undefined);
    const named = changed(filters, [...at.filters, 0, "name"], "\u001b[2J\u202e");
    const off = changed(named, [...at.filters, 0, "disabled"], true);
    const [hazard] = examineText(yaml(off)).hazards;
    expect(hazard).toMatchObject({ id: "ext_authz_disabled", saw: '"\\u001b[2J?"' });
  });
});
