/** Lint rules about values that are spelled so that they match less, or nothing. */
import { parseCidr } from "../authorize/cidr.ts";
import { isPathTemplate } from "../authorize/path-template.ts";
import type { LintInput, LintRule, RawFinding } from "./rule.ts";
import { type WrittenValue, writtenValues } from "./written-value.ts";

function eachValue(
  check: (written: WrittenValue, input: LintInput) => readonly [message: string, fix: string] | undefined,
) {
  return (input: LintInput): readonly RawFinding[] =>
    input.policies.flatMap((policy) =>
      writtenValues(policy).flatMap((written) => {
        const found = check(written, input);
        return found === undefined ? [] : [{ resource: policy, path: written.path, message: found[0], fix: found[1] }];
      }),
    );
}

/** Fields in which a star means something only at one end. */
function isPatternField(field: string): boolean {
  const plain = ["paths", "hosts", "methods", "principals", "requestPrincipals", "connection.sni"];
  return plain.includes(field) || field.startsWith("request.headers") || field.startsWith("request.auth.");
}

export const typoRules: readonly LintRule[] = [
  {
    id: "wildcard-inside",
    why: "a star is a wildcard at one end only; anywhere else, or at both ends, it stands for itself",
    check: eachValue(({ field, value }) => {
      if (!isPatternField(field) || value === "*" || (field === "paths" && isPathTemplate(value))) return;
      const inner = value.startsWith("*") ? value.slice(1) : value.replace(/\*$/, "");
      if (!inner.includes("*")) return;
      const fix =
        field === "paths" ? "use a template: `{*}` is one segment, `{**}` any number" : "use one star, at one end";
      return [`\`${value}\`: a star in this place is an ordinary character`, fix];
    }),
  },
  {
    id: "method-case",
    why: "methods are matched as they are sent, in capitals",
    check: eachValue(({ field, value }) => {
      if (field !== "methods" || value === value.toUpperCase()) return;
      return [`\`${value}\` matches no request`, `write \`${value.toUpperCase()}\``];
    }),
  },
  {
    id: "host-without-port",
    why: "the port is part of the host that is matched: `example.com` is not `example.com:8080`",
    check: eachValue(({ policy, negated, field, value, values }) => {
      if (field !== "hosts" || /[:*]/.test(value) || values.includes(`${value}:*`)) return;
      const dodge = (policy.action === "ALLOW") === negated ? ", so a client dodges it with a port" : "";
      return [`\`${value}\` does not match \`${value}:8080\`${dodge}`, `add \`${value}:*\``];
    }),
  },
  {
    id: "ip-host-bits",
    why: "bits behind the prefix length are ignored: the block is larger than it looks",
    check: eachValue(({ field, value }) => {
      if (field !== "ipBlocks" && field !== "remoteIpBlocks" && field !== "destination.ip") return;
      const block = value.includes("/") ? parseCidr(value) : undefined;
      if (block === undefined || !hasHostBits(block.bytes, block.bits)) return;
      return [
        `\`${value}\` means the whole block of ${block.bits} bits`,
        "write the first address of the block, or /32",
      ];
    }),
  },
  {
    id: "claim-not-text",
    why: "only claims that are strings or lists of strings match; numbers and booleans never do",
    check: eachValue(({ field, value }) => {
      if (!field.startsWith("request.auth.claims") || !/^(?:true|false|-?\d+(?:\.\d+)?)$/.test(value)) return;
      return [`\`${value}\` matches the text only, not the JSON value`, "let the issuer send it as a string"];
    }),
  },
  {
    id: "request-principal-split",
    why: "the pattern is split at its last slash into issuer and subject",
    check: eachValue(({ field, value }) => {
      if (field !== "requestPrincipals" || !/^https?:\/\/[^/]*\*?$/.test(value)) return;
      const issuer = value.replace(/\*$/, "");
      return [
        `\`${value}\` is read as the issuer \`${value.slice(0, value.lastIndexOf("/"))}\``,
        `write \`${issuer}/*\``,
      ];
    }),
  },
];

function hasHostBits(bytes: Uint8Array, bits: number): boolean {
  return bytes.some((byte, index) => {
    const kept = Math.max(0, Math.min(8, bits - index * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}
