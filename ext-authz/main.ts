/**
 * The composition root: the only place that knows everyone. Reads as a list in start order; stops in reverse. Effects
 * (clock, randomness, files, network) are handed to the stages here.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { JwksFetch } from "./authenticate/jwks-answer.ts";
import { createJwksFetch } from "./authenticate/jwks-fetch.ts";
import { createKeySources } from "./authenticate/key-sources.ts";
import { createCheck } from "./check.ts";
import { packageRoot } from "./config/package-root.ts";
import type { JwksSettings, MintSettings, Settings } from "./config/settings.ts";
import { compileMint } from "./mint/plan.ts";
import { generateSigningKey, loadSigningKey, publicJwks, type SigningKey } from "./mint/signing-key.ts";
import type { Decision } from "./model.ts";
import type { Log } from "./observe/log.ts";
import { createMetrics } from "./observe/metrics.ts";
import { createRecentDecisions, recordOf } from "./observe/recent-decisions.ts";
import type { InternalToken, Resource } from "./resources/resource.ts";
import { operatorRoutes } from "./respond/operator-routes.ts";
import { compileSnapshot, type Snapshot } from "./snapshot.ts";
import { startGrpcServer } from "./transport/grpc-server.ts";
import { startHttpServer } from "./transport/http-server.ts";

export interface Countersign {
  readonly grpc: string;
  readonly http: string;
  /**
   * Compiles and puts in force; resolves when every key source was tried once.
   * @throws when the resources cannot be put in force with these settings; what was in force stays.
   */
  apply(resources: readonly Resource[]): Promise<void>;
  /** Says that a reload was refused: the last good snapshot stays. */
  refuse(problems: number): void;
  stop(): Promise<void>;
}

/** Milliseconds that checks under way get at a stop. */
const GRACE_MS = 5000;
const RECENT_DECISIONS = 1000;

/** @throws when an address cannot be bound or a key cannot be read. Not ready until the first `apply`. */
export async function start(settings: Settings, log: Log): Promise<Countersign> {
  const now = (): number => Date.now() / 1000;
  let snapshot: Snapshot | undefined;
  let refused = false;

  const keys = createKeySources(
    { fetch: await jwksFetch(settings.jwks), now, setTimer, random: Math.random, log },
    settings.jwks,
    { strict: settings.mesh.strict, jsonDepth: settings.limits.jsonDepth },
  );
  const signingKey = await readSigningKey(settings.mint);
  const metrics = createMetrics(() => keys.state());
  const recent = createRecentDecisions(RECENT_DECISIONS);

  const observe = (decision: Decision, milliseconds: number): void => {
    metrics.decided(decision, milliseconds);
    const record = recordOf(decision, milliseconds, new Date());
    recent.add(record);
    if (decision.effect === "error") log.error("check failed", { ...record, cause: decision.cause });
    else if (decision.effect === "deny") log.info("check denied", { ...record });
    else log.debug("check allowed", { ...record });
  };

  const { workload } = settings;
  const check = createCheck({
    snapshot: () => snapshot,
    request: {
      strict: settings.mesh.strict,
      pathNormalization: settings.mesh.pathNormalization,
      pathLength: settings.limits.pathLength,
      clientAddress: settings.clientAddress,
      workload: { ...workload, labels: new Map(Object.entries(workload.labels)) },
    },
    now,
    newId: randomUUID,
  });

  const grpc = await startGrpcServer(settings.listen.grpc, {
    check,
    maxChecks: settings.limits.checks,
    newId: randomUUID,
    revision: () => snapshot?.revision ?? "",
    observe,
    clock: () => performance.now(),
  });
  const readiness = () => ({ snapshot, refused, keys: keys.state() });
  const http = await startHttpServer(
    settings.listen.http,
    operatorRoutes({
      readiness,
      metrics,
      findDecision: recent.find,
      jwks: () => publicJwks([signingKey]),
      filter: () => readFile(new URL("wasm-filter/build/countersign.wasm", packageRoot)),
    }),
    (cause) => log.error("http request failed", { cause }),
  );
  log.info("listening", { grpc: grpc.address, http: http.address });

  return {
    grpc: grpc.address,
    http: http.address,
    async apply(resources) {
      const next = compileSnapshot(resources, {
        mesh: settings.mesh,
        limits: settings.limits,
        clockSkewSeconds: settings.clockSkewSeconds,
        keys,
        compileMint: (token) => compileMint(token, mintIssuer(settings.mint, token), signingKey),
        hash: (text) => createHash("sha256").update(text).digest("hex"),
      });
      await keys.ready();
      snapshot = next;
      keys.retain(
        resources.flatMap((resource) => (resource.kind === "RequestAuthentication" ? resource.jwtRules : [])),
      );
      refused = false;
      metrics.reloaded("applied", resources.length);
      grpc.setServing(true);
      log.info("snapshot in force", { revision: next.revision, resources: resources.length });
    },
    refuse(problems) {
      refused = true;
      metrics.reloaded("refused", 0);
      log.error("reload refused, the last good snapshot stays in force", {
        problems,
        revision: snapshot?.revision ?? "",
      });
    },
    async stop() {
      await grpc.stop(GRACE_MS);
      await http.stop();
      keys.stop();
    },
  };
}

async function jwksFetch({ caFile, allowPrivateAddresses }: JwksSettings): Promise<JwksFetch> {
  const caPem = caFile === "" ? "" : await readFile(caFile, "utf8");
  return createJwksFetch({ caPem, allowPrivateAddresses });
}

async function readSigningKey({ keyFile }: MintSettings): Promise<SigningKey> {
  if (keyFile === "") return generateSigningKey();
  const key = await loadSigningKey(await readFile(keyFile, "utf8"));
  if (!key.ok) throw new Error(`mint.keyFile: ${keyFile}: ${key.error}`);
  return key.value;
}

function mintIssuer({ issuer }: MintSettings, token: InternalToken): string {
  if (issuer !== "") return issuer;
  throw new Error(`InternalToken ${token.namespace}/${token.name} needs mint.issuer in the settings`);
}

function setTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds).unref();
  return () => clearTimeout(timer);
}
