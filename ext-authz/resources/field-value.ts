/** In: one value of a policy field. Out: what is wrong with it, as Istio's validation sees it; undefined = fine. Pure. */
import { parseCidr } from "../authorize/cidr.ts";
import { parsePort } from "../authorize/field.ts";
import type { Report } from "./field-path.ts";

export type ValueCheck = (value: string) => string | undefined;

export function checkValues(values: readonly string[], check: ValueCheck, report: Report): void {
  for (const [index, value] of values.entries()) {
    const problem = check(value);
    if (problem !== undefined) report([index], problem);
  }
}

export const addressProblem: ValueCheck = (value) =>
  parseCidr(value) === undefined ? `\`${value}\` is neither an IP address nor a CIDR block` : undefined;

export const portProblem: ValueCheck = (value) =>
  parsePort(value) === undefined ? `\`${value}\` is no port from 0 to 65535` : undefined;

export const serviceAccountProblem: ValueCheck = (value) => {
  const parts = value.split("/");
  if (value.includes("*")) return "wildcards are not supported in service accounts";
  if (value.length > 320) return "is longer than 320";
  return parts.length > 2 || parts.includes("")
    ? `\`${value}\` is neither \`account\` nor \`namespace/account\``
    : undefined;
};

export const trustDomainProblem: ValueCheck = (value) => {
  if (value.includes("/")) return "a trust domain has no slash";
  const star = value.indexOf("*");
  if (star !== value.lastIndexOf("*")) return "a trust domain may have one wildcard";
  return star > 0 && star < value.length - 1 ? "the wildcard must stand at the start or the end" : undefined;
};
