import { describe, expect, test } from "vitest";
import { readResources } from "../../ext-authz/resources/read.ts";
import { problemsOf, read, resource } from "./read-one.ts";

const head = (name = "p") => `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: ${name}}\n`;

describe("places", () => {
  test("every problem at once, each with file, line, column, path and hint", () => {
    const text = [
      "apiVersion: security.istio.io/v1",
      "kind: AuthorizationPolicy",
      "metadata:",
      "  name: p",
      "spec:",
      "  rules:",
      "  - from:",
      "    - source:",
      "        ipBlocks: [10.0.0.1, 10.0.0.300]",
      "    to:",
      "    - operation:",
      '        ports: ["x"]',
      "---",
      head("q").trimEnd(),
      "spec:",
      "  Rules: []",
      "  action: deny",
    ].join("\n");
    const { resources, problems } = readResources([{ file: "a.yaml", text }]);
    expect(resources).toEqual([]);
    expect(problems).toEqual([
      {
        ...{ file: "a.yaml", line: 9, column: 30, path: "spec.rules[0].from[0].source.ipBlocks[1]" },
        ...{ message: "`10.0.0.300` is neither an IP address nor a CIDR block", severity: "error" },
      },
      {
        ...{ file: "a.yaml", line: 12, column: 17, path: "spec.rules[0].to[0].operation.ports[0]" },
        ...{ message: "`x` is no port from 0 to 65535", severity: "error" },
      },
      {
        ...{ file: "a.yaml", line: 18, column: 3, path: "spec.Rules", message: "unknown field" },
        ...{ hint: "did you mean `rules`?", severity: "error" },
      },
      {
        ...{ file: "a.yaml", line: 19, column: 3, path: "spec.action", message: "`deny` is not allowed here" },
        ...{ hint: "did you mean `DENY`?", severity: "error" },
      },
    ]);
  });

  test("a resource keeps where it was read", () => {
    const { resources } = read(`# first\n${head("a")}---\n\n${head("b")}`);
    expect(resources.map(({ name, file, line }) => [name, file, line])).toEqual([
      ["a", "p.yaml", 2],
      ["b", "p.yaml", 7],
    ]);
  });
});

describe("documents", () => {
  test.each([
    ["nothing", "", 0, []],
    ["only comments", "# a\n---\n# b\n", 0, []],
    ["no spec: allows nothing", head(), 1, []],
    ["an empty spec", `${head()}spec:\n`, 1, []],
    ["a byte order mark", `\ufeff${head()}`, 1, []],
    ["JSON", resource("AuthorizationPolicy", {}), 1, []],
    ["v1beta1", head().replace("v1", "v1beta1"), 1, []],
    [
      "metadata as Kubernetes fills it",
      `${head().replace("p}", "p, uid: u, labels: {a: b}, generation: 3}")}status: {x: 1}\n`,
      1,
      [],
    ],
    [
      "a List",
      JSON.stringify({ apiVersion: "v1", kind: "List", items: [JSON.parse(resource("AuthorizationPolicy", {}))] }),
      1,
      [],
    ],
    ["an empty List", "{apiVersion: v1, kind: List}", 0, []],
    ["a name like __proto__", head("__proto__"), 1, []],
    ["a text", "hello", 0, ["error : is no resource"]],
    ["a list", "[]", 0, ["error : is no resource"]],
    ["no kind", "apiVersion: v1", 0, ["error : a resource needs `apiVersion` and `kind`, both text"]],
    [
      "another group",
      "{apiVersion: apps/v1, kind: Deployment}",
      0,
      ["warning kind: apps/v1 Deployment is not ours and is ignored"],
    ],
    ["the core group", "{apiVersion: v1, kind: Service}", 0, ["warning kind: v1 Service is not ours and is ignored"]],
    [
      "an unknown kind",
      "{apiVersion: security.istio.io/v1, kind: Authorization}",
      0,
      ["error kind: security.istio.io has no kind `Authorization` here"],
    ],
    [
      "a kind of another group of ours",
      "{apiVersion: countersign.dev/v1alpha1, kind: PeerAuthentication}",
      0,
      ["error kind: countersign.dev has no kind `PeerAuthentication` here"],
    ],
    [
      "an old version",
      head().replace("v1", "v1alpha1"),
      0,
      ["error apiVersion: AuthorizationPolicy is not read in the version `security.istio.io/v1alpha1`"],
    ],
    [
      "no version",
      head().replace("/v1", ""),
      0,
      ["error kind: security.istio.io AuthorizationPolicy is not ours and is ignored"],
    ],
    ["no name", head().replace("name: p", "namespace: foo"), 0, ["error metadata: the field `name` is missing"]],
    [
      "no metadata",
      "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy}",
      0,
      ["error : the field `metadata` is missing"],
    ],
    [
      "a name of two words",
      head('"a b"'),
      0,
      ["error metadata.name: a name must not have slashes, spaces or control characters"],
    ],
    ["a bad namespace", head('p, namespace: "A"'), 0, ["error metadata.namespace: `A` is no namespace name"]],
    ["a stray field", `${head()}specs: {}\n`, 0, ["error specs: unknown field"]],
    [
      "an unquoted annotation",
      head("p, annotations: {istio.io/dry-run: true}"),
      0,
      ['error metadata.annotations["istio.io/dry-run"]: must be a string, not a boolean'],
    ],
    ["a List of a text", "{apiVersion: v1, kind: List, items: [x]}", 0, ["error items[0]: is no resource"]],
    [
      "a List of no list",
      "{apiVersion: v1, kind: List, items: {a: b}}",
      0,
      ["error items: a resource needs `apiVersion` and `kind`, both text"],
    ],
    ["__proto__ as a field", `${head()}spec: {__proto__: {rules: []}}`, 0, ["error spec.__proto__: unknown field"]],
  ])("%s", (_, text, count, problems) => {
    expect(problemsOf(text)).toEqual(problems);
    expect(read(text).resources).toHaveLength(count);
  });

  test("namespace, unless written, is default", () => {
    expect(read(head()).resources[0]?.namespace).toBe("default");
  });

  test("a group that looks like ours is hinted at", () => {
    expect(read(head().replace(".io", ".oi")).problems[0]?.hint).toBe("did you mean the group security.istio.io?");
  });

  test("one name twice is an error at the second, and the first stays", () => {
    const { resources, problems } = readResources([
      { file: "a.yaml", text: head() },
      { file: "b.yaml", text: `${head("q")}---\n${head()}` },
    ]);
    expect(resources.map(({ name, file }) => [name, file])).toEqual([
      ["p", "a.yaml"],
      ["q", "b.yaml"],
    ]);
    expect(problems).toMatchObject([
      {
        file: "b.yaml",
        path: "metadata.name",
        message: "AuthorizationPolicy default/p already stands in a.yaml, line 1",
      },
    ]);
  });

  test("one bad document does not hide the problems and resources of the others", () => {
    const { resources, problems } = read(`${head("a")}---\nx: [\n---\n${head("b")}---\n${head("c")}spec: 1\n`);
    expect(resources.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(problems.map(({ severity }) => severity)).toContain("error");
    expect(problems.at(-1)?.path).toBe("spec");
  });
});
