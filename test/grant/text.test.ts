/** A grant as text, and which targets it may stand for. */
import { describe, expect, it } from "vitest";
import { eligiblePath } from "../../ext-authz/grant/target.ts";
import { type Grant, grantText } from "../../ext-authz/grant/text.ts";
import { isEligible, parseGrant } from "./guard-model.ts";

const grant: Grant = {
  epoch: "e-1_Z",
  milliseconds: 5000,
  decisionId: "d1",
  inputs: "connection header:x-role query",
  path: ["^/a/", "!/a/b", ">.html"],
  changes: {
    set: [
      ["x-user", "al ice\ttab"],
      ["x-empty", ""],
    ],
    remove: ["authorization"],
  },
};

describe("the text", () => {
  it("says its parts line by line", () => {
    expect(grantText(grant)).toBe(
      "1\ne-1_Z\n5000\nd1\nconnection header:x-role query\n^/a/\t!/a/b\t>.html\nset x-user al ice\ttab\nset x-empty \nremove authorization",
    );
  });

  it("is what the guard reads", () => {
    const { decisionId, epoch, milliseconds, inputs, path: terms, changes } = grant;
    const atoms = inputs.split(" ");
    expect(parseGrant(grantText(grant) ?? "")).toEqual({ decisionId, epoch, milliseconds, atoms, terms, ...changes });
    expect(
      parseGrant(grantText({ ...grant, inputs: "", path: ["=/"], changes: { set: [], remove: [] } }) ?? ""),
    ).toMatchObject({
      ...{ atoms: [], terms: ["=/"], set: [], remove: [] },
    });
  });

  it.each(["\n", "\r", "\0"])("is none when a value could write a line of its own: %j", (char) => {
    expect(grantText({ ...grant, changes: { set: [["x", `a${char}remove b`]], remove: [] } })).toBe(undefined);
  });

  it.each([
    ["x".repeat(65_300), true],
    ["x".repeat(65_536), false],
    ["€".repeat(21_000), true],
    ["€".repeat(22_000), false],
  ])("is at most 64 KiB", (value, fits) => {
    expect(grantText({ ...grant, changes: { set: [["x", value]], remove: [] } }) !== undefined).toBe(fits);
  });
});

describe("a target", () => {
  const targets: readonly (readonly [target: string, path: string | undefined])[] = [
    ["/", "/"],
    ["/a/b.html", "/a/b.html"],
    ["/a?", "/a"],
    ["/a?x=1?y", "/a"],
    ["/a/..b/...", "/a/..b/..."],
    ["", undefined],
    ["*", undefined],
    ["a", undefined],
    ["http://h/a", undefined],
    ["//a", undefined],
    ["/a//b", undefined],
    ["/.", undefined],
    ["/a/..", undefined],
    ["/a/./b", undefined],
    ["/a/../b?x", undefined],
    ["/%61", undefined],
    ["/a;b", undefined],
    ["/a b", undefined],
    ["/ä", undefined],
    ["/a#b", undefined],
    ["/a?b#c", undefined],
    ["/a?b c", undefined],
    ["/a?ä", undefined],
    ["/a?\u007f", undefined],
    [`/${"a".repeat(2047)}`, `/${"a".repeat(2047)}`],
    [`/${"a".repeat(2048)}`, undefined],
    [`/a?${"a".repeat(2045)}`, "/a"],
    [`/a?${"a".repeat(2046)}`, undefined],
  ];
  it.each(targets)("%s", (target, path) => {
    expect(eligiblePath(target)).toBe(path);
    const request = {
      route: "r",
      mtls: false,
      connection: "c",
      method: "GET",
      authority: "h",
      scheme: "http",
      headers: [],
    };
    expect(isEligible({ ...request, target })).toBe(path !== undefined);
  });
});
