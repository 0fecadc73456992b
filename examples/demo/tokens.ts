/**
 * Tokens from the OIDC provider, by the client credentials grant. In: issuer, client, audience. Out: the JWT.
 * Effects: one HTTP request. Throws when the provider gives none.
 */

/** `late` gets tokens that have already ended. */
export type Client = "buyer" | "guest" | "late";

export async function fetchToken(issuer: string, client: Client, resource: string): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client,
      client_secret: "secret",
      scope: "orders",
      resource,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  const body: unknown = await answer.json();
  if (typeof body === "object" && body !== null && "access_token" in body && typeof body.access_token === "string") {
    return body.access_token;
  }
  throw new Error(`the OIDC provider gave no token for ${client} (status ${answer.status})`);
}
