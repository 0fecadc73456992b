/**
 * A guard with grants in the SDK's host, with a server that a test plays: what it grants, which epoch it tells, how the
 * clocks go. In: requests and grants. Out: whether each was repeated or asked for, and what it looked like then.
 */
import {
  createHost,
  type Header,
  type HeaderInput,
  type Host,
  type Plugin,
} from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { builtFilter } from "./build-filter.ts";
import { EDGE, type Json, type JsonFields, NOW } from "./stands.ts";

export interface GrantParts {
  readonly epoch?: string;
  readonly milliseconds?: number | string;
  readonly id?: string;
  readonly vary?: readonly string[];
  readonly path?: string;
  readonly changes?: readonly string[];
}

/** The text of a grant; by default for every path, for five seconds. */
export function grantText(parts: GrantParts = {}): string {
  const { epoch = "e1", milliseconds = 5000, id = "d1", vary = [], path = "^/", changes = [] } = parts;
  return ["1", epoch, String(milliseconds), id, vary.join(" "), path, ...changes].join("\n");
}

export interface Exchange {
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly scheme?: string;
  readonly lines?: readonly HeaderInput[];
  readonly route?: string;
  readonly mtls?: boolean;
  readonly connection?: number | undefined;
  /** What the server says if it is asked; none = it grants nothing. */
  readonly grant?: string | Uint8Array | undefined;
  /** `x-countersign-decision-id` of the answer, as ext_authz writes it where it let pass; the grant's own unless given, "" = none. */
  readonly decision?: string;
  /** Milliseconds until the answer's headers come. */
  readonly takes?: number;
}

export interface Outcome {
  readonly action: "continue" | "stop";
  /** `wasm.countersign.grant`: decision id and hit number; "" = the server was asked. */
  readonly state: string;
  readonly headers: readonly Header[];
  readonly response: readonly Header[];
}

export interface Granting {
  readonly host: Host;
  readonly plugin: Plugin;
  exchange(exchange?: Exchange): Outcome;
  /** The request alone; the answer comes when the test says so. */
  begin(exchange?: Exchange): { readonly state: string; answer(): Outcome };
  /** Lets both clocks go on, with ticks; the polls that come of it wait for `answer`. */
  pass(milliseconds: number): void;
  /** The wall clock alone is set by that much. */
  setWall(milliseconds: number): void;
  /** Answers every poll that waits; undefined = it fails. */
  answer(epoch: string | undefined): number;
  /** Time for a poll, answered. */
  poll(epoch: string | undefined): void;
  metric(name: string): number;
}

export const GRANTS: JsonFields = { cluster: "http", routeHeaders: [] };

// When the file is read: compiling on a busy machine may take longer than a test may.
const built = builtFilter();

export async function granting(
  grants: JsonFields = GRANTS,
  more: { readonly [name: string]: Json } = {},
  module?: Uint8Array,
): Promise<Granting> {
  let elapsed = 0;
  let skew = 0;
  const host = await createHost(module ?? built, {
    now: () => BigInt(NOW * 1000 + elapsed + skew) * 1_000_000n,
    monotonic: () => BigInt(1000 + elapsed) * 1_000_000n,
  });
  const configuration = JSON.stringify({ ...EDGE, ...more, grants });
  const plugin = host.startPlugin({ rootId: "countersign.guard", configuration });
  const pass = (milliseconds: number): void => {
    elapsed += milliseconds;
    host.tick(milliseconds);
  };
  const answer = (epoch: string | undefined): number => {
    const calls = plugin.calls;
    for (const call of calls) {
      if (epoch === undefined) call.fail();
      else
        call.respond({
          headers: [
            [":status", "200"],
            ["x-countersign-epoch", epoch],
          ],
        });
    }
    return calls.length;
  };
  const begin = (exchange: Exchange = {}) => {
    const { route = "r", mtls = false, grant, takes = 0 } = exchange;
    const id = "connection" in exchange ? exchange.connection : 1;
    const stream = plugin.stream({
      properties: {
        xds: { route_name: route },
        connection: { mtls, ...(id !== undefined && { id }) },
        ...(grant !== undefined && { metadata: { filter_metadata: { "envoy.filters.http.ext_authz": { grant } } } }),
      },
    });
    const step = stream.requestHeaders(linesOf(exchange), { endOfStream: true });
    const state = Buffer.from(stream.filterState("wasm.countersign.grant") ?? new Uint8Array(0)).toString();
    return {
      state,
      answer(): Outcome {
        pass(takes);
        const { decision = String(grant ?? "").split("\n")[3] ?? "" } = exchange;
        const id: readonly HeaderInput[] =
          state !== "" || decision === "" ? [] : [["x-countersign-decision-id", decision]];
        const response = stream.responseHeaders([[":status", "200"], ...id], { endOfStream: true });
        stream.done();
        return { action: step.action, state, headers: step.headers, response: response.headers };
      },
    };
  };
  const poll = (epoch: string | undefined): void => {
    pass(500);
    answer(epoch);
  };
  return {
    host,
    plugin,
    begin,
    exchange: (exchange) => begin(exchange).answer(),
    pass,
    setWall: (milliseconds) => {
      skew += milliseconds;
    },
    answer,
    poll,
    metric: (name) => Number(host.metric(`countersign.guard.grant.${name}`)),
  };
}

export function linesOf(exchange: Exchange): HeaderInput[] {
  const { method = "GET", path = "/orders/1", authority = "shop.example", scheme = "https", lines = [] } = exchange;
  return [[":method", method], [":scheme", scheme], [":authority", authority], [":path", path], ...lines];
}
