/** Stands that fetch their keys, look at bodies and sign responses, as Envoy's configuration says it. */
import { expect, it } from "vitest";
import { clusters } from "../../envoy/cluster.ts";
import { guard } from "../../envoy/guard.ts";
import type { Config, Zone } from "../../envoy/model.ts";
import { edgeZone, innerZone } from "../../envoy/samples.ts";
import { stamp } from "../../envoy/stamp.ts";

const KEYS = [{ id: "k1", secret: "A".repeat(43) }];
const address = { host: "ext-authz", port: 9192 };
const keysFrom = { address, tokenEnv: "STAMP_TOKEN", pollMilliseconds: 1000 };
const FROM = { cluster: "countersign-http", authority: "ext-authz", tokenEnv: "STAMP_TOKEN", pollMilliseconds: 1000 };

function parts(filter: Config) {
  const { config } = JSON.parse(JSON.stringify(filter["typed_config"]));
  return { json: JSON.parse(config.configuration.value), config };
}
const named = (zone: Zone) => clusters(zone).filter(({ name }) => name === "countersign-http");

it("a stamp without keys of its own has none, and no id to sign with", () => {
  const { grants: _, stamps, ...edge } = edgeZone(KEYS);
  if (stamps === undefined) throw new Error("the sample stamps");
  const zone: Zone = { ...edge, stamps: { ...stamps, sign: "", keys: [], keysFrom } };
  const { json, config } = parts(stamp(zone));
  expect([json.keysFrom, "keys" in json, "sign" in json]).toEqual([FROM, false, false]);
  expect(config.vm_config.environment_variables).toEqual({ host_env_keys: ["STAMP_TOKEN"] });
  expect(config.allow_on_headers_stop_iteration).toBeUndefined();
  expect(named(zone)).toHaveLength(1);
  expect(named({ ...zone, stamps: { ...stamps, keysFrom: { ...keysFrom, cluster: "there" } } })).toEqual([]);
});

it("a guard has both where both are given, and is given bodies where it looks at them", () => {
  const { grants: _, accepts, ...inner } = innerZone(KEYS);
  if (accepts === undefined) throw new Error("the sample accepts stamps");
  const more = { contentDigest: { maxBytes: 9 }, responses: { sign: "r", keys: [], keysFrom } };
  const zone: Zone = { ...inner, accepts: { ...accepts, keysFrom, ...more } };
  const { json, config } = parts(guard(zone));
  expect(json.stamp).toMatchObject({ keysFrom: FROM, keys: KEYS, contentDigest: { maxBytes: 9 } });
  expect(json.responses).toEqual({ sign: "r", keysFrom: FROM });
  expect(config.allow_on_headers_stop_iteration).toBe(true);
  expect(named(zone)).toHaveLength(1);
});
