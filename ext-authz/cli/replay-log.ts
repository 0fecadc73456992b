/**
 * A recorded decision log, line by line. In: lines of text. Out: decisions that can be judged anew, and why the others
 * cannot. Pure but for the memory of `snapshot` lines, which say what the records of a revision show.
 */
import type { JsonObject } from "../model.ts";
import type { PolicyReads } from "../observe/policy-reads.ts";
import type { RecordedRequest } from "../observe/recorded-request.ts";
import { MASKED } from "../observe/secret-header.ts";

export interface Recorded {
  readonly id: string;
  readonly time: string;
  readonly effect: "allow" | "deny";
  readonly reason: string;
  readonly policy: string;
  readonly principal: string;
  readonly request: RecordedRequest;
  /** null = no verified token. */
  readonly claims: JsonObject | null;
  /** What the record shows faithfully. */
  readonly shows: PolicyReads;
  /** Path or host were too long to be kept whole. */
  readonly cut: boolean;
}

export type LogLine =
  | { readonly kind: "recorded"; readonly recorded: Recorded }
  /** Not about policies: refused before they were asked, or a failure. */
  | { readonly kind: "skipped" }
  | { readonly kind: "other" }
  | { readonly kind: "broken"; readonly why: string };

export interface LogReader {
  read(line: string): LogLine;
}

const NOTHING: PolicyReads = { headers: new Set(), claims: new Set(), other: false };
const CUT = 2049;

export function createLogReader(): LogReader {
  const shown = new Map<string, PolicyReads>();
  return {
    read(text) {
      let line: unknown;
      try {
        line = JSON.parse(text);
      } catch {
        return { kind: "broken", why: "is no JSON" };
      }
      if (!isRecord(line)) return { kind: "broken", why: "is no JSON object" };
      switch (line["type"]) {
        case "snapshot":
          shown.set(String(line["revision"]), {
            headers: new Set(texts(line["headers"])),
            claims: new Set(texts(line["claims"])),
            other: line["other"] === true,
          });
          return { kind: "other" };
        case "decision":
          return readDecision(line, shown.get(String(line["revision"])) ?? NOTHING);
        case "shadow":
          return { kind: "other" };
        default:
          return { kind: "broken", why: "has no `type` of a decision log" };
      }
    },
  };
}

function readDecision(line: Record<string, unknown>, shows: PolicyReads): LogLine {
  const { effect, request, claims, judged } = line;
  if (effect === "error" || judged !== true) return { kind: "skipped" };
  if (effect !== "allow" && effect !== "deny") return { kind: "broken", why: "has no effect" };
  if (!isRecordedRequest(request)) return { kind: "broken", why: "its `request` is not as a decision log writes it" };
  if (claims !== null && !isJsonObject(claims)) return { kind: "broken", why: "its `claims` are no object" };
  const text = (name: string): string => (typeof line[name] === "string" ? line[name] : "");
  const recorded = {
    id: text("id"),
    time: text("time"),
    effect,
    reason: text("reason"),
    policy: text("policy"),
    principal: text("principal"),
    request,
    claims,
    shows: faithfully(shows, request, claims),
    cut: isCut(request.path) || isCut(request.host) || isCut(request.query),
  } as const;
  return { kind: "recorded", recorded };
}

/** A value that was masked or cut in this one record is not what policies would have seen. */
function faithfully(shows: PolicyReads, request: RecordedRequest, claims: JsonObject | null): PolicyReads {
  const spoilt = (values: readonly unknown[]) => values.some((value) => value === MASKED || isCut(value));
  const headers = [...shows.headers].filter((name) => !spoilt(ownOf(request.headers, name)));
  const kept = [...shows.claims].filter((name) => !spoilt(claims === null ? [] : ownOf(claims, name)));
  return { headers: new Set(headers), claims: new Set(kept), other: shows.other };
}

function ownOf(object: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return Array.isArray(value) ? value : [value];
}

function isCut(value: unknown): boolean {
  return typeof value === "string" && value.length === CUT && value.endsWith("…");
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function isRecordedRequest(value: unknown): value is RecordedRequest {
  if (!isRecord(value)) return false;
  const { protocol, headers, source, destination, workload, principal, host } = value;
  const plain = ["method", "path", "scheme", "remoteIp", "sni", "requestId"];
  const peer = (one: unknown) => isRecord(one) && typeof one["ip"] === "string" && typeof one["port"] === "number";
  return (
    (protocol === "http" || protocol === "tcp") &&
    plain.every((name) => typeof value[name] === "string") &&
    (host === null || typeof host === "string") &&
    (principal === null || typeof principal === "string") &&
    (value["query"] === undefined || typeof value["query"] === "string") &&
    isRecord(headers) &&
    Object.values(headers).every((lines) => Array.isArray(lines) && texts(lines).length === lines.length) &&
    peer(source) &&
    peer(destination) &&
    isRecord(workload) &&
    typeof workload["namespace"] === "string" &&
    typeof workload["name"] === "string" &&
    isRecord(workload["labels"]) &&
    Object.values(workload["labels"]).every((label) => typeof label === "string")
  );
}

function isJsonObject(value: unknown): value is JsonObject {
  return isRecord(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
