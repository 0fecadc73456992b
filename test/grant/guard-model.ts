/**
 * The guard, as the contract in docs/grants.md says it and nothing more: which requests are eligible, what their key is, what a
 * class holds. Written from that page and not from the code, so that the two can be held against each other. Plain and slow.
 */

/** A request as the proxy's first filter has it. */
export interface ProxyRequest {
  readonly route: string;
  readonly mtls: boolean;
  /** Stands for all that is constant for a connection. */
  readonly connection: string;
  readonly method: string;
  readonly authority: string;
  readonly scheme: string;
  /** `:path`, with the query. */
  readonly target: string;
  /** In wire order, lower-case names, no pseudo headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface ParsedGrant {
  readonly epoch: string;
  readonly milliseconds: number;
  readonly decisionId: string;
  readonly atoms: readonly string[];
  readonly terms: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Undefined: to be ignored. */
export function parseGrant(text: string): ParsedGrant | undefined {
  if (Buffer.byteLength(text) > 65_536) return undefined;
  const [version, epoch = "", milliseconds = "", decisionId = "", vary = "", path = "", ...changes] = text.split("\n");
  if (version !== "1" || !/^[A-Za-z0-9_-]{1,64}$/.test(epoch) || !/^[1-9][0-9]*$/.test(milliseconds)) return undefined;
  const atoms = vary === "" ? [] : vary.split(" ");
  if (!atoms.every((atom) => /^(?:query|scheme|connection|header:[^\s:A-Z]+)$/.test(atom))) return undefined;
  const terms = path.split("\t");
  if (terms.length > 16 || path.length > 4096 || !/^[=^]\//.test(path)) return undefined;
  if (path.startsWith("=") && terms.length > 1) return undefined;
  if (!terms.slice(1).every((term) => /^[!<>]./.test(term))) return undefined;
  const set: (readonly [string, string])[] = [];
  const remove: string[] = [];
  for (const change of changes) {
    const parts = /^(?:set ([^ ]+) (.*)|remove ([^ ]+))$/s.exec(change);
    if (parts === null) return undefined;
    if (parts[3] !== undefined) remove.push(parts[3]);
    else set.push([parts[1] ?? "", parts[2] ?? ""]);
  }
  return { epoch, milliseconds: Number(milliseconds), decisionId, atoms, terms, set, remove };
}

export function isEligible({ target, headers, method, route }: ProxyRequest): boolean {
  if (!target.startsWith("/") || Buffer.byteLength(target) > 2048 || method === "CONNECT" || route === "") return false;
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!/^[A-Za-z0-9\-_~!$&'()*+,:=@/.]*$/.test(path) || path.includes("//")) return false;
  if (path.split("/").some((segment) => segment === "." || segment === "..")) return false;
  if (mark >= 0 && !/^[\x21-\x7e]*$/.test(target.slice(mark + 1))) return false;
  if (mark >= 0 && target.slice(mark + 1).includes("#")) return false;
  if (headers.some(([name]) => name === "upgrade")) return false;
  const nominated = headers.filter(([name]) => name === "connection").flatMap(([, value]) => value.split(","));
  return nominated.every((option) => ["", "keep-alive", "close"].includes(option.trim().toLowerCase()));
}

/** Equal texts are equal keys. */
export function keyOf(request: ProxyRequest, atoms: readonly string[]): string {
  const { route, mtls, method, authority } = request;
  return JSON.stringify([route, mtls, method, authority, ...atoms.map((atom) => [atom, inputOf(request, atom)])]);
}

function inputOf({ target, scheme, connection, headers }: ProxyRequest, atom: string): unknown {
  const mark = target.indexOf("?");
  switch (atom) {
    case "query":
      return mark < 0 ? null : target.slice(mark + 1);
    case "scheme":
      return scheme;
    case "connection":
      return connection;
    default:
      return headers.filter(([name]) => `header:${name}` === atom).map(([, value]) => value);
  }
}

export function isMember(terms: readonly string[], path: string): boolean {
  const [first = "", ...more] = terms;
  if (first.startsWith("=")) return path === first.slice(1);
  if (!path.startsWith(first.slice(1))) return false;
  return more.every((term) => {
    const text = term.slice(1);
    switch (term[0]) {
      case "!":
        return !path.startsWith(text);
      case ">":
        return path.endsWith(text);
      case "<":
        return !path.endsWith(text);
      default:
        return false;
    }
  });
}

/** Whether the guard would repeat for `next` what it keeps of `asked`. */
export function wouldRepeat(grant: ParsedGrant, asked: ProxyRequest, next: ProxyRequest): boolean {
  const path = next.target.split("?", 1)[0] ?? "";
  return (
    isEligible(asked) &&
    isEligible(next) &&
    keyOf(asked, grant.atoms) === keyOf(next, grant.atoms) &&
    isMember(grant.terms, path)
  );
}
