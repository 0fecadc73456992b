/**
 * In: policy values about the peer's workload identity. Out: tests on that identity, `td/ns/x/sa/y` without `spiffe://`.
 * Pure. Istio writes these as regular expressions; here they are small scans that treat every character of a policy as
 * itself, since unescaped dots in such expressions were bypasses (CVE-2026-39350).
 */
import { globTest } from "./glob.ts";
import type { TextTest } from "./string-pattern.ts";

/** `.*` + `/ns/V/` + `.*` on the whole `spiffe://…`, with each `*` of V any run of characters, slashes too. */
export function namespaceTest(values: readonly string[]): TextTest {
  const tests = values.map((value) => globTest(`*/ns/${value}/*`));
  return (principal) => {
    const identity = `spiffe://${principal}`;
    return tests.some((test) => test(identity));
  };
}

/**
 * `spiffe://.+/ns/NS/(.+/|)sa/SA(/.+)?`, any trust domain.
 * @param values `ns/sa`, or `sa` for the policy's own namespace
 */
export function serviceAccountTest(values: readonly string[], policyNamespace: string): TextTest {
  const tests = values.map((value) => {
    const slash = value.indexOf("/");
    const namespace = slash < 0 ? policyNamespace : value.slice(0, slash);
    return oneServiceAccount(`/ns/${namespace}/`, `sa/${value.slice(slash + 1)}`);
  });
  return (principal) => tests.some((test) => test(principal));
}

function oneServiceAccount(namespace: string, account: string): TextTest {
  const inner = `/${account}`;
  return (principal) => {
    // The leftmost namespace leaves the most room to its right, so no other place can match where it does not.
    const start = principal.indexOf(namespace, 1);
    if (start < 0) return false;
    const rest = start + namespace.length;
    if (principal.startsWith(account, rest) && endsSegment(principal, rest + account.length)) return true;
    for (let at = principal.indexOf(inner, rest + 1); at >= 0; at = principal.indexOf(inner, at + 1)) {
      if (endsSegment(principal, at + inner.length)) return true;
    }
    return false;
  };
}

/** At the end, or before a slash and at least one character more. */
function endsSegment(text: string, at: number): boolean {
  return at === text.length || (text[at] === "/" && at + 1 < text.length);
}

/** `*` any SPIFFE identity; else the first segment is the value, in which one star at either end is a wildcard. */
export function trustDomainTest(values: readonly string[]): TextTest {
  const any = values.includes("*");
  const tests = values.map(globTest);
  return (principal) => {
    if (any) return true;
    const slash = principal.indexOf("/");
    if (slash < 0) return false;
    const domain = principal.slice(0, slash);
    return tests.some((test) => test(domain));
  };
}
