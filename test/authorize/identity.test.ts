import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { globTest } from "../../ext-authz/authorize/glob.ts";
import { namespaceTest, serviceAccountTest, trustDomainTest } from "../../ext-authz/authorize/identity.ts";
import { expandPrincipals, expandTrustDomains } from "../../ext-authz/authorize/trust-domain.ts";

const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const principal = fc
  .array(fc.constantFrom("/ns/", "/sa/", "ns", "sa", "/", "a", "b", ".", "a.b", "/ns/a/sa/b"), { maxLength: 8 })
  .map((parts) => parts.join(""));
const name = fc.constantFrom("a", "b", "ns", "sa", "a.b", "ab");

describe("small scans match what Istio's expressions match", () => {
  test("namespaces: .*/ns/V/.*", () => {
    const value = fc.constantFrom("a", "*", "a*", "*b", "a*b", "a.b", "ns", "**", "*a*", "a/sa");
    fc.assert(
      fc.property(value, principal, (pattern, text) => {
        const source = `^.*/ns/${pattern.split("*").map(quote).join(".*")}/.*$`;
        return namespaceTest([pattern])(text) === new RegExp(source).test(`spiffe://${text}`);
      }),
      { numRuns: 3000 },
    );
  });

  test("serviceAccounts: spiffe://.+/ns/NS/(.+/|)sa/SA(/.+)?", () => {
    fc.assert(
      fc.property(name, name, principal, fc.boolean(), (namespace, account, text, short) => {
        const source = `^spiffe://.+/ns/${quote(namespace)}/(.+/|)sa/${quote(account)}(/.+)?$`;
        const matches = serviceAccountTest([short ? account : `${namespace}/${account}`], namespace);
        return matches(text) === new RegExp(source).test(`spiffe://${text}`);
      }),
      { numRuns: 5000 },
    );
  });

  test("trustDomains: spiffe://A[^/]*B/.*", () => {
    const value = fc.constantFrom("a", "a*", "*b", "a.b", "ab*", "*.b");
    fc.assert(
      fc.property(value, principal, (pattern, text) => {
        const source = `^spiffe://${pattern.split("*").map(quote).join("[^/]*")}/.*$`;
        return trustDomainTest([pattern])(text) === new RegExp(source).test(`spiffe://${text}`);
      }),
      { numRuns: 2000 },
    );
    expect(trustDomainTest(["*"])("anything")).toBe(true);
  });

  test("globs", () => {
    const pattern = fc.array(fc.constantFrom("*", "a", "b", "ab"), { maxLength: 6 }).map((parts) => parts.join(""));
    const text = fc.array(fc.constantFrom("a", "b"), { maxLength: 10 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, text, (glob, whole) => {
        return globTest(glob)(whole) === new RegExp(`^${glob.replaceAll("*", ".*")}$`).test(whole);
      }),
      { numRuns: 3000 },
    );
    expect(globTest(`${"*a".repeat(300)}*b`)("a".repeat(100_000))).toBe(false);
  });
});

describe("trust domain aliases", () => {
  const one = { trustDomain: "td1", trustDomainAliases: [] };
  const two = { trustDomain: "td2", trustDomainAliases: ["td1"] };
  const three = { trustDomain: "td2", trustDomainAliases: ["foo-td1", "cluster.local"] };
  test.each([
    [two, "td1/ns/foo/sa/bar", ["td2/ns/foo/sa/bar", "td1/ns/foo/sa/bar"]],
    [two, "td2/ns/foo/sa/bar", ["td2/ns/foo/sa/bar", "td1/ns/foo/sa/bar"]],
    [two, "td3/ns/foo/sa/bar", ["td3/ns/foo/sa/bar"]],
    [one, "cluster.local/ns/x/sa/y", ["td1/ns/x/sa/y"]],
    [two, "*/ns/foo/sa/bar", ["*/ns/foo/sa/bar"]],
    [two, "*", ["*"]],
    [two, "td1/ns/foo/*", ["td1/ns/foo/*"]],
    [two, "spiffe://td1/ns/foo/sa/bar", ["spiffe://td1/ns/foo/sa/bar"]],
    [two, "td1/ns/foo/sa/*", ["td2/ns/foo/sa/*", "td1/ns/foo/sa/*"]],
    [three, "*-td1/ns/foo/sa/bar", ["td2/ns/foo/sa/bar", "*-td1/ns/foo/sa/bar", "cluster.local/ns/foo/sa/bar"]],
    [three, "foo*/ns/a/sa/b", ["td2/ns/a/sa/b", "foo-td1/ns/a/sa/b", "cluster.local/ns/a/sa/b"]],
    [{ trustDomain: "new-td", trustDomainAliases: ["old-td"] }, "*-td/ns/a/sa/b", ["*-td/ns/a/sa/b"]],
    [{ trustDomain: "td", trustDomainAliases: ["*-old"] }, "a-old/ns/a/sa/b", ["td/ns/a/sa/b", "*-old/ns/a/sa/b"]],
  ])("%o: principal %s", (mesh, value, expanded) => {
    expect(expandPrincipals([value], mesh)).toEqual(expanded);
  });

  test.each([
    [two, ["td1"], ["td2", "td1"]],
    [two, ["td3", "td2"], ["td3", "td2", "td1"]],
    [two, ["td*"], ["td*"]],
    [one, ["cluster.local"], ["cluster.local"]],
  ])("%o: trust domains %j", (mesh, values, expanded) => {
    expect(expandTrustDomains(values, mesh)).toEqual(expanded);
  });
});
