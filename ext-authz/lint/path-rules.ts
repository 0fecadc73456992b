/** Lint rules about paths: what people mean by one and what it matches. */
import { isPathTemplate } from "../authorize/path-template.ts";
import { normalizePath } from "../request/normalize-path.ts";
import type { LintInput, LintRule, RawFinding } from "./rule.ts";
import { type WrittenValue, writtenValues } from "./written-value.ts";

function eachPath(
  check: (written: WrittenValue, input: LintInput) => readonly [message: string, fix: string] | undefined,
) {
  return (input: LintInput): readonly RawFinding[] =>
    input.policies.flatMap((policy) =>
      writtenValues(policy).flatMap((written) => {
        if (written.field !== "paths") return [];
        const found = check(written, input);
        return found === undefined ? [] : [{ resource: policy, path: written.path, message: found[0], fix: found[1] }];
      }),
    );
}

/** The list keeps requests out: what it misses gets through. */
function refuses({ policy, negated }: WrittenValue): boolean {
  return (policy.action === "ALLOW") === negated;
}

const hasStar = (value: string): boolean => value.startsWith("*") || value.endsWith("*");
const isGrpc = (value: string): boolean => /^\/[^/]+\.[^/]+\/[^/]+$/.test(value);
const isFile = (value: string): boolean => /\.[A-Za-z0-9]{1,5}$/.test(value);

/** Whether some value of the list takes in everything below `base`. */
function coversBelow(base: string, values: readonly string[]): boolean {
  return values.some((value) => {
    if (value === `${base}/{**}`) return true;
    return value.endsWith("*") && !isPathTemplate(value) && `${base}/`.startsWith(value.slice(0, -1));
  });
}

export const pathRules: readonly LintRule[] = [
  {
    id: "path-without-subtree",
    why: "an exact path keeps out neither `/admin/` nor `/admin/users`, and most servers answer them alike",
    check: eachPath((written) => {
      const { value, values } = written;
      if (!refuses(written) || hasStar(value) || isPathTemplate(value) || value === "/" || !value.startsWith("/"))
        return;
      if (isGrpc(value) || isFile(value)) return;
      const base = value.endsWith("/") ? value.slice(0, -1) : value;
      if (coversBelow(base, values)) return;
      return [`\`${value}\` does not stop \`${base}/\` and what is below it`, `add \`${base}/*\``];
    }),
  },
  {
    id: "path-without-root",
    why: "`/admin/*` needs the slash: `/admin` itself is not matched",
    check: eachPath((written) => {
      const { value, values } = written;
      if (!refuses(written) || !value.endsWith("/*") || value.startsWith("*") || value === "/*") return;
      const root = value.slice(0, -2);
      const covered = values.some(
        (other) => other === root || (other.endsWith("*") && root.startsWith(other.slice(0, -1))),
      );
      return covered ? undefined : [`\`${value}\` does not stop \`${root}\` itself`, `add \`${root}\``];
    }),
  },
  {
    id: "path-prefix-without-slash",
    why: "a prefix ends where it is told to: `/api*` lets `/apiary` and `/api-internal` through",
    check: eachPath((written) => {
      const { value } = written;
      if (refuses(written) || !value.endsWith("*") || value.length < 3 || isPathTemplate(value)) return;
      if (value.startsWith("*") || value.endsWith("/*")) return;
      const base = value.slice(0, -1);
      return [`\`${value}\` also matches \`${base}x\``, `write \`${base}\` and \`${base}/*\``];
    }),
  },
  {
    id: "path-with-query",
    why: "the query and the fragment are never part of a path match",
    check: eachPath(({ value }) => {
      const at = value.search(/[?#]/);
      if (at < 0) return;
      return [`\`${value}\` never matches: it holds a query or fragment`, `write \`${value.slice(0, at)}\``];
    }),
  },
  {
    id: "path-never-matches",
    why: "paths are matched after the proxy normalized them, and begin with a slash",
    check: eachPath(({ value }, { mesh }) => {
      if (isPathTemplate(value) || /[?#]/.test(value) || value.startsWith("*")) return;
      if (!value.startsWith("/"))
        return [`\`${value}\` never matches: a path begins with \`/\``, `write \`/${value}\``];
      const literal = value.endsWith("*") ? value.slice(0, -1) : value;
      const { path } = normalizePath(literal, mesh.pathNormalization);
      if (path === literal) return;
      return [`\`${value}\` never matches: the proxy turns it into \`${path}\``, `write \`${path}\``];
    }),
  },
  {
    id: "deny-template-dodged",
    why: "a path with `[` or `]` matches no template, so `/admin/a[b` passes a DENY on `/admin/{*}`",
    check: eachPath((written) => {
      const { value } = written;
      if (!refuses(written) || !isPathTemplate(value)) return;
      const prefix = value.slice(0, value.indexOf("{"));
      return [`\`${value}\` is dodged by a \`[\` in the path`, `use the prefix \`${prefix}*\``];
    }),
  },
  {
    id: "deny-path-not-normalized",
    why: "with this pathNormalization `//admin` is another path than `/admin` to the policy, but not to most servers",
    check: ({ policies, mesh }) => {
      if (mesh.strict || (mesh.pathNormalization !== "NONE" && mesh.pathNormalization !== "BASE")) return [];
      return policies.flatMap((policy) => {
        const first = writtenValues(policy).find(
          (written) => written.field === "paths" && refuses(written) && written.value !== "*",
        );
        if (first === undefined) return [];
        const message = `\`${first.value}\` is dodged by \`//\`: pathNormalization is ${mesh.pathNormalization} and strict is off`;
        const fix = "normalize with MERGE_SLASHES in the proxy and in the settings, or set strict: true";
        return [{ resource: policy, path: first.path, message, fix }];
      });
    },
  },
];
