/**
 * What a policy may ask of a request: one `Field` for each source field, operation field and `when` key.
 * In: the name of the field. Out: which of its values can be used, and the any-of test over them. Pure, at load.
 * Source: Istio AuthorizationPolicy and "Authorization Policy Conditions" references.
 */
import type { MeshSettings } from "../config/settings.ts";
import { CONNECTION, CREDENTIAL, KEY, REMOTE_ADDRESS, type Read } from "../grant/read.ts";
import type { IpAddress } from "../model.ts";
import type { OperationField, SourceField } from "../resources/resource.ts";
import { cidrContains, parseCidr } from "./cidr.ts";
import { claimAt, insideBrackets, parseClaimPath, stringOrListMatches } from "./claim.ts";
import { type Facts, headerMatches, headerReads, type Test } from "./facts.ts";
import { namespaceTest, serviceAccountTest, trustDomainTest } from "./identity.ts";
import { metadataField } from "./metadata.ts";
import { isPathTemplate, pathProblem, templateTest } from "./path-template.ts";
import { requestPrincipalTest } from "./request-principal.ts";
import { anyPattern, asciiLowerCase, type TextTest } from "./string-pattern.ts";
import { expandPrincipals, expandTrustDomains } from "./trust-domain.ts";

export interface Field {
  /** True when a plain TCP connection has no such attribute. */
  readonly httpOnly: boolean;
  /** What `test` looks at. */
  readonly reads: readonly Read[];
  readonly usable: (value: string) => boolean;
  /** Any-of. @param values usable ones only */
  readonly test: (values: readonly string[]) => Test;
}

/** What values mean besides their text. */
export interface FieldContext {
  readonly mesh: Pick<MeshSettings, "trustDomain" | "trustDomainAliases">;
  /** `metadata.namespace` of the policy: short service account names belong to it. */
  readonly policyNamespace: string;
}

/** Names of fields and keys without `not`. */
type PositiveField<F extends string> = F extends `not${string}` ? never : F;
export type PositiveSourceField = PositiveField<SourceField>;
export type PositiveOperationField = PositiveField<OperationField>;

const always = (): boolean => true;

export function sourceField(name: PositiveSourceField, context: FieldContext): Field {
  switch (name) {
    case "principals":
      return identityField((values) => anyPattern(expandPrincipals(values, context.mesh), "non-empty"));
    case "namespaces":
      return identityField(namespaceTest);
    case "serviceAccounts":
      return identityField((values) => serviceAccountTest(values, context.policyNamespace));
    case "trustDomains":
      return identityField((values) => trustDomainTest(expandTrustDomains(values, context.mesh)));
    case "requestPrincipals":
      return requestPrincipals;
    case "ipBlocks":
      return addressField(CONNECTION, (facts) => facts.request.source.address);
    case "remoteIpBlocks":
      return addressField(REMOTE_ADDRESS, (facts) => facts.request.remoteAddress);
  }
}

export function operationField(name: PositiveOperationField): Field {
  switch (name) {
    case "hosts":
      return {
        httpOnly: true,
        reads: KEY,
        usable: always,
        test: (values) => {
          const matches = anyPattern(values.map(asciiLowerCase), "present");
          return ({ host }) => host !== undefined && matches(host);
        },
      };
    case "methods":
      return headerField(":method");
    case "paths":
      return { httpOnly: true, reads: ["path"], usable: (value) => pathProblem(value) === undefined, test: pathTest };
    case "ports":
      return destinationPort;
  }
}

/** @returns undefined for a key that Istio does not know; a known key with a bad name in brackets has no usable value */
export function conditionField(key: string, context: FieldContext): Field | undefined {
  switch (key) {
    case "source.ip":
      return sourceField("ipBlocks", context);
    case "remote.ip":
      return sourceField("remoteIpBlocks", context);
    case "source.namespace":
      return sourceField("namespaces", context);
    case "source.principal":
      return sourceField("principals", context);
    case "source.serviceAccount":
      return sourceField("serviceAccounts", context);
    case "source.trustDomain":
      return sourceField("trustDomains", context);
    case "request.auth.principal":
      return requestPrincipals;
    case "request.auth.audiences":
      return claimField(["aud"]);
    case "request.auth.presenter":
      return claimField(["azp"]);
    case "destination.ip":
      return addressField(CONNECTION, (facts) => facts.request.destination.address);
    case "destination.port":
      return destinationPort;
    case "connection.sni":
      return {
        httpOnly: false,
        reads: CONNECTION,
        usable: always,
        test: (values) => {
          const matches = anyPattern(values, "non-empty");
          return ({ request }) => matches(request.sni);
        },
      };
  }
  if (key.startsWith("request.headers")) return headerField(insideBrackets(key.slice("request.headers".length)));
  if (key.startsWith("request.auth.claims")) return claimField(parseClaimPath(key.slice("request.auth.claims".length)));
  if (key.startsWith("experimental.envoy.filters.")) return metadataField(key.slice("experimental.".length));
  return undefined;
}

function identityField(compile: (values: readonly string[]) => TextTest): Field {
  return {
    httpOnly: false,
    reads: CONNECTION,
    usable: always,
    test: (values) => {
      const matches = compile(values);
      return ({ request: { sourcePrincipal } }) => sourcePrincipal !== undefined && matches(sourcePrincipal);
    },
  };
}

const requestPrincipals: Field = {
  httpOnly: true,
  reads: CREDENTIAL,
  usable: always,
  test: (values) => {
    const matches = requestPrincipalTest(values);
    return ({ payload }) => payload !== undefined && matches(payload);
  },
};

function addressField(reads: readonly Read[], address: (facts: Facts) => IpAddress | undefined): Field {
  return {
    httpOnly: false,
    reads,
    usable: (value) => parseCidr(value) !== undefined,
    test: (values) => {
      const blocks = values.flatMap((value) => parseCidr(value) ?? []);
      return (facts) => {
        const found = address(facts);
        return found !== undefined && blocks.some((block) => cidrContains(block, found));
      };
    },
  };
}

function headerField(name: string | undefined): Field {
  const lowerCase = asciiLowerCase(name ?? "");
  return {
    httpOnly: true,
    reads: headerReads(lowerCase),
    usable: () => lowerCase !== "",
    test: (values) => {
      const matches = anyPattern(values, "present");
      return (facts) => headerMatches(facts, lowerCase, matches);
    },
  };
}

function claimField(path: readonly string[] | undefined): Field {
  return {
    httpOnly: true,
    reads: CREDENTIAL,
    usable: () => path !== undefined,
    test: (values) => {
      const matches = anyPattern(values, "non-empty");
      return ({ payload }) =>
        payload !== undefined && path !== undefined && stringOrListMatches(claimAt(payload, path), matches);
    },
  };
}

function pathTest(values: readonly string[]): Test {
  const patterns = anyPattern(
    values.filter((value) => !isPathTemplate(value)),
    "non-empty",
  );
  const templates = values.filter(isPathTemplate).map(templateTest);
  return ({ request: { path } }) => path !== "" && (patterns(path) || templates.some((matches) => matches(path)));
}

/** Decimal digits, leading zeros allowed as in Go's ParseUint: `08080` is 8080. */
export function parsePort(text: string): number | undefined {
  if (!/^[0-9]{1,32}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65535 ? port : undefined;
}

const destinationPort: Field = {
  httpOnly: false,
  reads: CONNECTION,
  usable: (value) => parsePort(value) !== undefined,
  test: (values) => {
    const ports = new Set(values.map(parsePort));
    return ({ request }) => ports.has(request.destination.port);
  },
};
