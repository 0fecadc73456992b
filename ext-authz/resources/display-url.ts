/** An address for people: logs, explanations, findings. A query or user information may hold a secret, so neither is shown. Pure. */
export function displayUrl(address: string): string {
  if (!URL.canParse(address)) return "(not a URL)";
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}
