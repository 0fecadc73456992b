/** The guard's cheap checks in its plugin configuration (docs/filter.md). In comes JSON, out go rules or problems. No effects. */
import { decimal } from "./ascii";
import { ObjectReader } from "./configuration-reader";
import { isHeaderName, isToken } from "./names";
import { BY_TOKEN, RateLimit } from "./rate-limit";
import { RequestRules } from "./request-rules";

export function readRequestRules(from: ObjectReader): RequestRules {
  const rules = new RequestRules();
  rules.methods = from.texts("methods", []);
  for (let i = 0; i < rules.methods.length; i++) {
    if (!isToken(rules.methods[i], 64)) from.fail(`methods[${decimal(i)}]`, "must be a method, as in GET");
  }
  rules.contentTypes = from.texts("contentTypes", []);
  for (let i = 0; i < rules.contentTypes.length; i++) {
    if (!isMediaType(rules.contentTypes[i])) {
      from.fail(`contentTypes[${decimal(i)}]`, "must be lower-case type/subtype or type/*, without parameters");
    }
  }
  rules.maxHeaders = <i32>from.integer("maxHeaders", 0, 0, 10000);
  rules.maxHeaderBytes = <i32>from.integer("maxHeaderBytes", 0, 0, 1048576);
  rules.maxBodyBytes = from.integer("maxBodyBytes", -1, 0, 1099511627776);
  from.finish();
  return rules;
}

export function readRateLimit(from: ObjectReader, zone: string): RateLimit {
  const limit = new RateLimit();
  const by = from.text("by", "source");
  limit.by = by == "token";
  if (by != "source" && limit.by != BY_TOKEN) from.fail("by", "must be source or token");
  limit.requestsPerSecond = from.integer("requestsPerSecond", 0, 1, 1000000);
  if (!from.has("requestsPerSecond")) from.fail("requestsPerSecond", "is missing");
  limit.burst = from.integer("burst", max(limit.requestsPerSecond, 1), 1, 1000000);
  limit.buckets = <u32>from.integer("buckets", 4096, 16, 65536);
  limit.prefix = `countersign.rate.${zone}.${by}.`;
  from.finish();
  return limit;
}

function isMediaType(text: string): bool {
  const slash = text.indexOf("/");
  const start = text.slice(0, max(slash, 0));
  const end = text.slice(slash + 1);
  return isHeaderName(start) && isHeaderName(end) && !start.includes("*") && (end == "*" || !end.includes("*"));
}
