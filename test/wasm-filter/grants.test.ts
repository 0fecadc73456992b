/** A granted decision is repeated for equal inputs and for no others; each part of the key tells requests apart. */
import { describe, expect, it } from "vitest";
import { type Exchange, granting, grantText } from "./granting.ts";
import { values } from "./stands.ts";

const bearer = (token: string) => ["authorization", `Bearer ${token}`] as const;

async function live(...options: Parameters<typeof granting>) {
  const proxy = await granting(...options);
  proxy.poll("e1");
  return proxy;
}

it("repeats a granted decision, with its changes, and counts", async () => {
  const proxy = await live();
  const changes = ["set x-user-id ann", "set x-empty ", "remove x-drop"];
  const lines = [
    ["x-drop", "1"],
    ["x-drop", "2"],
    ["x-empty", "old"],
    ["x-empty", "older"],
  ] as const;
  const first = proxy.exchange({ grant: grantText({ id: "d-7", changes }), lines });
  expect(first.state).toBe("");
  expect(values(first.headers, "x-user-id")).toEqual([]);
  expect(values(first.response, "x-countersign-decision-id")).toEqual(["d-7"]);
  for (const hit of [1, 2, 3, 10, 11]) {
    while (proxy.metric("hit") < hit - 1) proxy.exchange({ lines });
    const again = proxy.exchange({ lines });
    expect(again).toMatchObject({ action: "continue", state: `d-7 ${hit}` });
    expect(values(again.headers, "x-user-id")).toEqual(["ann"]);
    expect(values(again.headers, "x-empty")).toEqual([""]);
    expect(values(again.headers, "x-drop")).toEqual([]);
    expect(values(again.response, "x-countersign-decision-id")).toEqual(["d-7"]);
  }
  const counted = ["hit", "miss", "refresh", "kept", "dropped", "refused"].map((name) => proxy.metric(name));
  expect(counted).toEqual([11, 1, 0, 1, 0, 0]);
});

it("sets over all lines, then removes, in the server's order", async () => {
  const proxy = await live();
  const lines = [
    ["x-a", "client"],
    ["x-a", "client 2"],
  ] as const;
  const changes = ["set x-a one", "set x-a two words", "set x-b b", "remove x-b"];
  proxy.exchange({ grant: grantText({ changes }), lines });
  const { headers } = proxy.exchange({ lines });
  expect([values(headers, "x-a"), values(headers, "x-b")]).toEqual([["two words"], []]);
});

describe("two requests that differ in one input never share a grant that varies by it", () => {
  const atoms: readonly (readonly [what: string, vary: readonly string[], a: Exchange, b: Exchange])[] = [
    ["method", [], {}, { method: "POST" }],
    ["method, case", [], {}, { method: "get" }],
    ["authority", [], {}, { authority: "shop.example:80" }],
    ["authority, case", [], {}, { authority: "Shop.example" }],
    ["route", [], {}, { route: "other" }],
    ["mtls", [], {}, { mtls: true }],
    ["query", ["query"], { path: "/orders/1?a=1" }, { path: "/orders/1?a=2" }],
    ["query absent and empty", ["query"], { path: "/orders/1" }, { path: "/orders/1?" }],
    ["query, second mark", ["query"], { path: "/orders/1?a" }, { path: "/orders/1?a?" }],
    ["scheme", ["scheme"], {}, { scheme: "http" }],
    ["connection", ["connection"], {}, { connection: 2 }],
    ["header", ["header:authorization"], { lines: [bearer("a")] }, { lines: [bearer("b")] }],
    ["header absent and empty", ["header:x-a"], {}, { lines: [["x-a", ""]] }],
    [
      "one line and two",
      ["header:x-a"],
      { lines: [["x-a", "1,2"]] },
      {
        lines: [
          ["x-a", "1"],
          ["x-a", "2"],
        ],
      },
    ],
    [
      "order of lines",
      ["header:x-a"],
      {
        lines: [
          ["x-a", "1"],
          ["x-a", "2"],
        ],
      },
      {
        lines: [
          ["x-a", "2"],
          ["x-a", "1"],
        ],
      },
    ],
    ["which header", ["header:x-a", "header:x-b"], { lines: [["x-a", "1"]] }, { lines: [["x-b", "1"]] }],
    [
      "where a value ends",
      ["header:x-a", "header:x-b"],
      {
        lines: [
          ["x-a", "1"],
          ["x-b", "22"],
        ],
      },
      {
        lines: [
          ["x-a", "12"],
          ["x-b", "2"],
        ],
      },
    ],
    [
      "long values, last byte",
      ["header:x-a"],
      { lines: [["x-a", `${"v".repeat(999)}1`]] },
      { lines: [["x-a", `${"v".repeat(999)}2`]] },
    ],
  ];

  it.each(atoms)("%s", async (_, vary, a, b) => {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ]) {
      const proxy = await live();
      proxy.exchange({ ...one, grant: grantText({ vary }) });
      expect(proxy.exchange(one).state).toBe("d1 1");
      expect(proxy.exchange(other).state).toBe("");
    }
  });

  it("what a grant does not vary by makes no difference", async () => {
    const proxy = await live();
    proxy.exchange({ grant: grantText({ vary: ["header:x-a"] }), lines: [["x-a", "1"]] });
    const other: Exchange = {
      path: "/x?y",
      scheme: "http",
      connection: 9,
      lines: [
        ["x-b", "2"],
        ["x-a", "1"],
      ],
    };
    expect(proxy.exchange(other).state).toBe("d1 1");
  });

  it("a connection that the host does not tell shares with none", async () => {
    const proxy = await live();
    const unknown: Exchange = { connection: undefined };
    proxy.exchange({ ...unknown, grant: grantText({ vary: ["connection"] }) });
    expect(proxy.exchange(unknown).state).toBe("");
  });

  it("grants of several shapes stand beside each other", async () => {
    const proxy = await live();
    proxy.exchange({ method: "GET", grant: grantText({ id: "a", vary: ["header:x-a"] }) });
    proxy.exchange({ method: "PUT", grant: grantText({ id: "b", vary: ["header:x-b"] }) });
    expect(proxy.exchange({ method: "GET" }).state).toBe("a 1");
    expect(proxy.exchange({ method: "PUT" }).state).toBe("b 1");
    // Neither shape's key reads as the other's.
    expect(proxy.exchange({ method: "GET", lines: [["x-a", "1"]] }).state).toBe("");
    expect(proxy.exchange({ method: "PUT", lines: [["x-b", "1"]] }).state).toBe("");
  });

  it("routes that are one share", async () => {
    const proxy = await live({ cluster: "http", routes: "one" });
    proxy.exchange({ grant: grantText(), route: "a" });
    expect(proxy.exchange({ route: "" }).state).toBe("d1 1");
  });
});

describe("path classes", () => {
  const classes: readonly (readonly [path: string, asked: string, yes: readonly string[], no: readonly string[]])[] = [
    [
      "=/orders/1",
      "/orders/1",
      ["/orders/1", "/orders/1?a=b"],
      ["/orders/2", "/orders/1/", "/orders/11", "/orders", "/Orders/1"],
    ],
    ["^/orders/", "/orders/1", ["/orders/", "/orders/2/3"], ["/orders", "/order/", "/orderss/1"]],
    ["^/", "/a", ["/", "/b/c"], []],
    ["^", "/a", ["/", "/b/c"], []],
    ["^/a/\t!/a/admin", "/a/x", ["/a/", "/a/adm", "/a/b/admin"], ["/a/admin", "/a/admin/x", "/a/administrator"]],
    ["^/a/\t>.js", "/a/x.js", ["/a/.js", "/a/y.js"], ["/a/x.jsx", "/a/js", "/a/x.js/"]],
    ["^/a\t<.js\t<.css", "/a/x", ["/a", "/a/.jss"], ["/a/x.js", "/a.css"]],
    ["^/a\t!/a/b/c\t>z", "/a/z", ["/az", "/a/b/z"], ["/a/b/cz", "/a/b"]],
    ["^/a\t>/averylongsuffix", "/a/averylongsuffix", ["/a/averylongsuffix"], ["/a", "/aaverylongsuffix"]],
  ];

  it.each(classes)("%s", async (path, asked, yes, no) => {
    const proxy = await live();
    proxy.exchange({ path: asked, grant: grantText({ path }) });
    expect(proxy.metric("kept")).toBe(1);
    expect([asked, ...yes].map((of) => [of, proxy.exchange({ path: of }).state !== ""])).toEqual(
      [asked, ...yes].map((of) => [of, true]),
    );
    expect(no.map((of) => [of, proxy.exchange({ path: of }).state !== ""])).toEqual(no.map((of) => [of, false]));
  });

  it.each(["=/orders/2", "^/orders/2", "^/\t!/orders", "^/\t>2", "^/\t<1"])(
    "a class without its own request is not kept: %s",
    async (path) => {
      const proxy = await live();
      proxy.exchange({ path: "/orders/1", grant: grantText({ path }) });
      expect([proxy.metric("kept"), proxy.metric("refused")]).toEqual([0, 1]);
    },
  );

  it("classes with one prefix and other terms stand beside each other", async () => {
    const proxy = await live();
    proxy.exchange({ path: "/a.js", grant: grantText({ id: "js", path: "^/\t>.js" }) });
    proxy.exchange({ path: "/a", grant: grantText({ id: "rest", path: "^/\t<.js" }) });
    expect(proxy.exchange({ path: "/b.js" }).state).toBe("js 1");
    expect(proxy.exchange({ path: "/b" }).state).toBe("rest 1");
  });
});
