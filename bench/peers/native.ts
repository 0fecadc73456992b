/** Envoy's own way to the same work: jwt_authn and rbac. In: the issuer's keys, whether verified tokens are kept. Out: filters. No effects. */
import { type Config, typed } from "../../envoy/model.ts";
import { AUDIENCE, ISSUER } from "./issuer.ts";
import { HEADERS, METHOD, PREFIX, ROLE } from "./work.ts";

/** Room for all tokens of the bench. */
const CACHE_SIZE = 20_000;

export function native(jwks: string, cached: boolean): readonly Config[] {
  return [jwtAuthn(jwks, cached), rbac()];
}

function jwtAuthn(jwks: string, cached: boolean): Config {
  const provider: Config = {
    issuer: ISSUER,
    audiences: [AUDIENCE],
    local_jwks: { inline_string: jwks },
    forward: true,
    claim_to_headers: HEADERS.map(([header_name, claim_name]) => ({ header_name, claim_name })),
    payload_in_metadata: "payload",
    ...(cached && { jwt_cache_config: { jwt_cache_size: CACHE_SIZE } }),
  };
  return {
    name: "envoy.filters.http.jwt_authn",
    typed_config: typed("envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
      providers: { clients: provider },
      rules: [{ match: { prefix: "/" }, requires: { provider_name: "clients" } }],
    }),
  };
}

function rbac(): Config {
  const method = { header: { name: ":method", string_match: { exact: METHOD } } };
  const path = { url_path: { path: { prefix: PREFIX } } };
  const role: Config = {
    filter: "envoy.filters.http.jwt_authn",
    path: [{ key: "payload" }, { key: "role" }],
    value: { string_match: { exact: ROLE } },
  };
  return {
    name: "envoy.filters.http.rbac",
    typed_config: typed("envoy.extensions.filters.http.rbac.v3.RBAC", {
      rules: {
        action: "ALLOW",
        policies: {
          buyers: {
            permissions: [{ and_rules: { rules: [method, path] } }],
            principals: [{ sourced_metadata: { metadata_matcher: role } }],
          },
        },
      },
    }),
  };
}
