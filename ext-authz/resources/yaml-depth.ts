/**
 * In: the tokens of a YAML text. Out: what is nested too deep, if anything. Pure.
 * The library builds its tree by recursion, so depth is bounded before it may begin; this walk does not recurse.
 */
import type { CST } from "yaml";

const MAX_DEPTH = 100;

export type Token = CST.Token;

export function nestingProblem(tokens: readonly Token[]): { offset: number; message: string } | undefined {
  const open: { readonly token: Token; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return { offset: token.offset, message: `nested deeper than ${MAX_DEPTH} levels` };
    for (const inner of innerTokens(token)) open.push({ token: inner, depth: depth + 1 });
  }
  return undefined;
}

function innerTokens(token: Token): Token[] {
  if (token.type === "document") return token.value === undefined ? [] : [token.value];
  if (!("items" in token)) return [];
  const inner: Token[] = [];
  for (const item of token.items) {
    if (item.key) inner.push(item.key);
    if (item.value) inner.push(item.value);
  }
  return inner;
}
