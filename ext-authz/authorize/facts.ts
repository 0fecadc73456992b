/**
 * In: a request and the payload of its verified token. Out: what policy clauses look at. Pure; one per evaluation.
 * Work that many clauses would repeat is done here once: the host in lower case, and `:path` as the proxy forwards it.
 */
import { headerRead, KEY, type Read } from "../grant/read.ts";
import type { JsonObject, RequestModel } from "../model.ts";
import { asciiLowerCase } from "./string-pattern.ts";

export interface Facts {
  readonly request: RequestModel;
  /** undefined = no verified token. */
  readonly payload: JsonObject | undefined;
  /** `:authority` in lower case with its port; undefined when there is none. */
  readonly host: string | undefined;
}

/** A pure question about the facts. An attribute that is not there never matches. */
export type Test = (facts: Facts) => boolean;

export function gatherFacts(request: RequestModel, payload: JsonObject | undefined): Facts {
  const { host } = request;
  return { request, payload, host: host === undefined ? undefined : asciiLowerCase(host) };
}

/** What `headerMatches` reads. @param name lower-case */
export function headerReads(name: string): readonly Read[] {
  switch (name) {
    case "host":
    case ":authority":
    case ":method":
      return KEY;
    case ":path":
      return ["whole_path", "query"];
    case ":scheme":
      return ["scheme"];
    default:
      // Other pseudo headers never reach us as headers.
      return name.startsWith(":") ? KEY : [headerRead(name)];
  }
}

/** Whether any line of a header matches. Each line on its own (CVE-2026-26308); pseudo headers by their own fields. */
export function headerMatches(facts: Facts, name: string, test: (value: string) => boolean): boolean {
  const { request } = facts;
  switch (name) {
    case "host":
    case ":authority":
      return request.host !== undefined && test(request.host);
    case ":method":
      return request.method !== "" && test(request.method);
    case ":path":
      return request.path !== "" && test(request.query === "" ? request.path : `${request.path}?${request.query}`);
    case ":scheme":
      return request.scheme !== "" && test(request.scheme);
    default:
      return request.headers.get(name)?.some(test) ?? false;
  }
}
