/**
 * The composition of the stages: the only place that knows every one of them. In: settings, the log, the signing key. Out:
 * the check, what operators may ask, and a way to put policies in force. Effects (clock, randomness, files, network) are
 * handed to the stages here; nothing listens yet.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createCredentialSources } from "../authenticate/credentials/credential-sources.ts";
import { createIntrospectionPost } from "../authenticate/credentials/introspection-post.ts";
import { readBoundedFile } from "../authenticate/credentials/read-bounded-file.ts";
import { createReplayCache } from "../authenticate/credentials/replay-cache.ts";
import type { JwksFetch } from "../authenticate/jwks-answer.ts";
import { createJwksFetch } from "../authenticate/jwks-fetch.ts";
import type { KeyStore } from "../authenticate/kept-keys.ts";
import { openKeyFolder } from "../authenticate/key-folder.ts";
import { createKeySources } from "../authenticate/key-sources.ts";
import { askOpaServer } from "../authorize/rego/ask-opa.ts";
import { type Check, createCheck } from "../check.ts";
import { packageRoot } from "../config/package-root.ts";
import type { JwksSettings, MintSettings, Settings } from "../config/settings.ts";
import { compileMint } from "../mint/plan.ts";
import { publicJwks, type SigningKey } from "../mint/signing-key.ts";
import type { Decision } from "../model.ts";
import { createCandidate } from "../observe/candidate.ts";
import { withCandidate } from "../observe/candidate-check.ts";
import { openDecisionSink } from "../observe/decision-sink.ts";
import type { Log } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { createObserver } from "../observe/observer.ts";
import { createRecentDecisions } from "../observe/recent-decisions.ts";
import { openTracing } from "../observe/tracing.ts";
import type { InternalToken, Resource } from "../resources/resource.ts";
import { operatorRoutes } from "../respond/operator-routes.ts";
import { compileSnapshot, type Snapshot } from "../snapshot.ts";
import { type Answering, answerFrom } from "../transport/http-server.ts";
import { openGrants } from "./grants.ts";
import { newIds } from "./new-ids.ts";
import { overloadLog } from "./overload-log.ts";
import { setTimer } from "./timer.ts";

export interface Stages {
  readonly check: Check;
  readonly observe: (decision: Decision, milliseconds: number) => void;
  /** Of the snapshot in force; "" before there is one. */
  revision(): string;
  /** What operators ask, by path. */
  readonly answer: Answering;
  /**
   * Compiles and puts in force; resolves when every key source was tried once.
   * @param candidate a whole set to evaluate beside it, which never answers; none = no comparison
   * @throws when the resources cannot be put in force with these settings; what was in force stays.
   */
  apply(resources: readonly Resource[], candidate?: readonly Resource[]): Promise<void>;
  /** Says that a reload was refused: the last good snapshot stays. */
  refuse(problems: number): void;
  /** Ends what lives in the stages. Nothing may be asked after it. */
  stop(): Promise<void>;
}

const RECENT_DECISIONS = 1000;
const COMPARED_PROOFS = 10_000;

/** @throws when a file that the settings name cannot be used. Not ready until the first `apply`. */
export async function composeStages(settings: Settings, log: Log, signingKey: SigningKey): Promise<Stages> {
  const now = (): number => Date.now() / 1000;
  let snapshot: Snapshot | undefined;
  let refused = false;

  const tracing = await openTracing(settings.tracing, {
    readFile: (path) => readFile(path, "utf8"),
    setTimer,
    random: Math.random,
    randomHex: (bytes) => randomBytes(bytes).toString("hex"),
    now: Date.now,
    sent: (spans, outcome) => metrics.traced(spans, outcome),
    warn: log.warn,
  });
  const plainFetch = await jwksFetch(settings.jwks);
  const fetchKeys = tracing?.fetch(plainFetch) ?? plainFetch;
  const newKeySources = async (store?: KeyStore) =>
    createKeySources(
      { fetch: fetchKeys, now, setTimer, random: Math.random, log, ...(store && { store }) },
      settings.jwks,
      { strict: settings.mesh.strict, jsonDepth: settings.limits.jsonDepth },
    );
  const keys = await newKeySources(await keyStore(settings.jwks, now));
  const credentials = createCredentialSources({
    fetch: fetchKeys,
    post: createIntrospectionPost({ ...settings.jwks, caPem: await readCa(settings.jwks) }),
    ...{ readFile: readBoundedFile, now, setTimer, log },
    secret: randomBytes(32),
    jsonDepth: settings.limits.jsonDepth,
  });
  const metrics = createMetrics(() => keys.state(), credentials.revocations);
  const sink = await openDecisionSink(settings.decisionLog, {
    stdout: (line) => process.stdout.write(line),
    random: Math.random,
    now,
    dropped: (lines, cause) => {
      metrics.decisionLogDropped(lines);
      log.error("decision log: lines were lost", { lines, cause });
    },
  });
  const observer = createObserver({
    metrics,
    log,
    recent: createRecentDecisions(RECENT_DECISIONS),
    decisionLog: sink?.log,
    keep: settings.decisionLog,
    mesh: settings.mesh,
    now: () => new Date(),
  });

  const { workload } = settings;
  const checkParts = {
    request: {
      strict: settings.mesh.strict,
      pathNormalization: settings.mesh.pathNormalization,
      pathLength: settings.limits.pathLength,
      clientAddress: settings.clientAddress,
      workload: { ...workload, labels: new Map(Object.entries(workload.labels)) },
    },
    now,
    newId: newIds(randomBytes),
    askOpa: askOpaServer,
  };
  const snapshotOptions = {
    mesh: settings.mesh,
    limits: settings.limits,
    clockSkewSeconds: settings.clockSkewSeconds,
    compileMint: (token: InternalToken) => compileMint(token, mintIssuer(settings.mint, token), signingKey),
    hash: (text: string) => createHash("sha256").update(text).digest("hex"),
  };
  const candidate = createCandidate({
    keys: await newKeySources(),
    // The same request is checked twice: a memory of its own, or each proof would be a replay.
    options: { ...snapshotOptions, credentials: { ...credentials, replays: createReplayCache(COMPARED_PROOFS) } },
    check: checkParts,
  });
  const grants = openGrants(settings, {
    ...{ snapshot: () => snapshot, sources: [keys, credentials], signingKey, now, counted: metrics.granted },
  });
  const passed = tracing && { passed: tracing.passed };
  const beginGrant = grants.begin && { beginGrant: grants.begin };
  const untraced = createCheck({ ...checkParts, ...passed, ...beginGrant, snapshot: () => snapshot });
  const check = withCandidate(tracing?.check(untraced) ?? untraced, {
    candidate: candidate.check,
    defer: setImmediate,
    compared: observer.compared,
    failed: observer.notCompared,
  });

  const readiness = () => ({
    snapshot,
    refused,
    prefetched: snapshot !== undefined && keys.prefetched(),
    keys: keys.state(),
    revocations: credentials.revocations(),
  });
  const overloads = overloadLog(log, setTimer);
  const routes = operatorRoutes({
    readiness,
    epoch: grants.epoch.current,
    metrics,
    findDecision: observer.find,
    jwks: () => publicJwks([signingKey]),
    filter: () => readFile(new URL("wasm-filter/build/countersign.wasm", packageRoot)),
  });
  // A candidate that cannot be compiled is a candidate less, never a server less.
  const applyCandidate = (resources: readonly Resource[]): void => {
    try {
      candidate.apply(resources);
    } catch (cause) {
      metrics.shadowFailed();
      log.warn("the candidate set cannot be compared", { cause });
    }
  };

  return {
    check,
    // In an overload a line and a record for each refusal would be most of the work: they are counted, and said once.
    observe(decision, milliseconds) {
      if (decision.effect !== "error" || decision.reason !== "overloaded") observer.decided(decision, milliseconds);
      else {
        metrics.decided(decision, milliseconds);
        overloads.seen();
      }
    },
    revision: () => snapshot?.revision ?? "",
    answer: answerFrom(routes),
    async apply(resources, candidates = []) {
      // An emptied folder is a mistake, or a moment in one: what refused must not vanish with it.
      if (resources.length === 0 && (snapshot?.resources.length ?? 0) > 0) throw new Error("the policies are all gone");
      const next = compileSnapshot(resources, {
        ...snapshotOptions,
        keys,
        credentials,
        grantable: settings.grants.enabled,
      });
      await Promise.all([keys.ready(), credentials.ready()]);
      // Compiled here, so that no request pays for it.
      next.planFor(checkParts.request.workload);
      snapshot = next;
      grants.epoch.changed();
      keys.retain(
        resources.flatMap((resource) => (resource.kind === "RequestAuthentication" ? resource.jwtRules : [])),
      );
      observer.inForce(next, candidates);
      applyCandidate(candidates);
      credentials.retain([...resources, ...candidates]);
      refused = false;
      metrics.reloaded("applied", resources.length);
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
      candidate.stop();
      keys.stop();
      credentials.stop();
      await Promise.all([sink?.stop(), tracing?.stop()]);
    },
  };
}

async function readCa({ caFile }: JwksSettings): Promise<string> {
  return caFile === "" ? "" : readFile(caFile, "utf8");
}

/** JSON may write a character of the answer as two; the rest of a file is small. */
async function keyStore(jwks: JwksSettings, now: () => number): Promise<KeyStore | undefined> {
  const { folder, maxBytes, refreshSeconds, staleSeconds } = jwks;
  if (folder === "") return undefined;
  return openKeyFolder({ folder, maxBytes: 2 * maxBytes + 4096, keepSeconds: refreshSeconds + staleSeconds, now });
}

async function jwksFetch(settings: JwksSettings): Promise<JwksFetch> {
  return createJwksFetch({ caPem: await readCa(settings), allowPrivateAddresses: settings.allowPrivateAddresses });
}

function mintIssuer({ issuer }: MintSettings, token: InternalToken): string {
  if (issuer !== "") return issuer;
  throw new Error(`InternalToken ${token.namespace}/${token.name} needs mint.issuer in the settings`);
}
