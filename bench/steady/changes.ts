/**
 * What happens to the edge's server while it is asked: other policies, broken ones, a roll of its workers, another certificate.
 * In: the server, its folder. Out: promises that resolve when it has happened. Effects: files renamed into place, signals.
 */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Child } from "../../examples/demo/child.ts";
import { edgeResources } from "../../examples/demo/policies.ts";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Changes {
  /** The set that opens one of the two paths. In force everywhere when it resolves. */
  open(side: "a" | "b"): Promise<void>;
  /** Resolves when the server has said that it refuses it. */
  breakPolicies(): Promise<void>;
  roll(): Promise<void>;
  renew(certificate: Certificate): Promise<void>;
}

/** @param inForce resolves when an answer has shown the set that opens this side */
export function changes(
  server: Child,
  folder: string,
  issuer: string,
  inForce: (side: "a" | "b") => Promise<void>,
): Changes {
  const replace = async (name: string, text: string): Promise<void> => {
    const draft = join(folder, `${name}.draft`);
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, join(folder, name));
  };
  const policies = (side: string): string =>
    edgeResources(issuer)
      .map((resource) => JSON.stringify(resource).replace('"/api/*"', `"/api/orders/*","/api/recorded/${side}"`))
      .map((text) => stringify(JSON.parse(text)))
      .join("---\n");
  /** A line that is new: the same words may have been said before. */
  const says = (words: string): Promise<true> => {
    const since = new Date().toISOString();
    return server.line((line) => {
      const time = /"time":"([^"]{1,40})"/.exec(line)?.[1] ?? "";
      return time >= since && line.includes(`"msg":"${words}`) ? true : undefined;
    }, 120_000);
  };
  return {
    async open(side) {
      await replace("edge-policies.yaml", policies(side));
      await inForce(side);
    },
    async breakPolicies() {
      const said = says("reload refused");
      await replace("edge-policies.yaml", policies("c").replace("action: ALLOW", "action: PERHAPS"));
      await said;
    },
    async roll() {
      const said = says("workers restarted");
      process.kill(server.pid, "SIGUSR2");
      await said;
    },
    async renew({ cert, key }) {
      const said = says("certificate renewed");
      await replace("tls.key", key);
      await replace("tls.crt", cert);
      await said;
    },
  };
}
