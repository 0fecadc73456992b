/**
 * The functions of our CEL: the standard ones, and the few that policies on requests need besides. Pure.
 * `matches` runs on RE2, in linear time; what its pattern may be is the checker's matter (`check-types.ts`).
 */
import { type CelEnv, CelScalar, celEnv, celFunc, celMethod } from "@bufbuild/cel";
import { parseIp } from "../../request/ip-address.ts";
import { cidrContains, parseCidr } from "../cidr.ts";
import { asciiLowerCase } from "../string-pattern.ts";
import { type Budget, createBudget, meterFunctions } from "./budget.ts";

const { BOOL, STRING } = CelScalar;

const OURS = [
  celMethod("lowerAscii", STRING, [], STRING, function () {
    return asciiLowerCase(this);
  }),
  celFunc("inCidr", [STRING, STRING], BOOL, (address, block) => {
    const ip = parseIp(address);
    const cidr = parseCidr(block);
    if (ip === undefined || cidr === undefined) throw new Error("inCidr needs an IP address and a CIDR block");
    return cidrContains(cidr, ip);
  }),
];

export function celEnvironment(budget: Budget): CelEnv {
  return celEnv({ funcs: [...OURS, ...meterFunctions(budget)] });
}

/** What the checker looks functions up in: the names and overloads that expressions may use. */
export const FUNCTIONS = celEnvironment(createBudget()).funcs;
