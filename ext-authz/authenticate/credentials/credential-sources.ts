/**
 * What outlives a reload: memories of introspected tokens and used proofs, lists of revoked tokens. In: resources as plans
 * are compiled. Out: the living part of each, one for equal resources. A life: sources start with their first resource, stop
 * when no resource wants them any more or at `stop`.
 */
import type { Revocation, TokenIntrospection } from "../../resources/credential-resource.ts";
import type { Resource } from "../../resources/resource.ts";
import { err, ok, type Result } from "../../result.ts";
import type { JwksFetch } from "../jwks-answer.ts";
import type { IntrospectionPost } from "./introspection-post.ts";
import { createIntrospector, type Introspector } from "./introspector.ts";
import { createReplayCache, type ReplayCache } from "./replay-cache.ts";
import {
  createRevocationFeed,
  type FeedDependencies,
  type FeedState,
  type FeedText,
  type LivingFeed,
  type RevocationFeed,
} from "./revocation-feed.ts";

export interface CredentialSources {
  introspectorFor(resource: TokenIntrospection): Introspector;
  feedFor(resource: Revocation): RevocationFeed;
  readonly replays: ReplayCache;
  /** Random bytes of this process, see `api-keys.ts`. */
  readonly secret: Uint8Array;
}

export interface LivingCredentialSources extends CredentialSources {
  /** Resolves when every list known so far was tried once. Never rejects. */
  ready(): Promise<void>;
  /** Of every list of revoked tokens. */
  revocations(): readonly FeedState[];
  /** What counts now, of every list of revoked tokens: where it is from, and its content. */
  revisions(): readonly string[];
  /** Stops what none of these resources wants: to be called after a reload has taken over. */
  retain(resources: readonly Resource[]): void;
  stop(): void;
}

/** The outside world, as this part needs it. */
export interface SourceDependencies {
  readonly fetch: JwksFetch;
  readonly post: IntrospectionPost;
  /** Text of a file, or why not. Never rejects. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Result<string, string>>;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly setTimer: (run: () => void, milliseconds: number) => () => void;
  readonly secret: Uint8Array;
  readonly jsonDepth: number;
  readonly log: {
    info(message: string, fields: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  };
}

const MAX_LIST_BYTES = 16 * 1024 * 1024;
const MAX_SECRET_BYTES = 4096;
const MAX_PROOFS = 100_000;

export function createCredentialSources(dependencies: SourceDependencies): LivingCredentialSources {
  const { now, setTimer, log, jsonDepth, post } = dependencies;
  const readSecret = (path: string) => dependencies.readFile(path, MAX_SECRET_BYTES);
  const introspectors = newPool<TokenIntrospection, Introspector>(
    ({ endpoint, clientId, clientSecretFile, cacheSeconds, timeoutMs }) =>
      JSON.stringify([endpoint, clientId, clientSecretFile, cacheSeconds, timeoutMs]),
    (resource) => createIntrospector(resource, { post, readFile: readSecret, now, setTimer, log, jsonDepth }),
  );
  const tried: Promise<void>[] = [];
  const read: FeedDependencies["read"] = (resource, etag, signal) => readList(dependencies, resource, etag, signal);
  const feeds = newPool<Revocation, LivingFeed>(
    ({ path, uri, intervalSeconds, maxAgeSeconds }) => JSON.stringify([path, uri, intervalSeconds, maxAgeSeconds]),
    (resource) => {
      const feed = createRevocationFeed(resource, { read, now, setTimer, log });
      tried.push(feed.start());
      return feed;
    },
  );
  return {
    introspectorFor: introspectors.for,
    feedFor: feeds.for,
    replays: createReplayCache(MAX_PROOFS),
    secret: dependencies.secret,
    revisions: () => [...feeds.named()].map(([name, feed]) => `revoked ${name} ${feed.current()?.revision ?? ""}`),
    revocations: () => feeds.all().map((feed) => feed.state()),
    async ready() {
      await Promise.all(tried.splice(0));
    },
    retain(resources) {
      introspectors.retain(resources.filter((resource) => resource.kind === "TokenIntrospection"));
      feeds.retain(resources.filter((resource) => resource.kind === "Revocation"));
    },
    stop() {
      introspectors.retain([]);
      feeds.retain([]);
    },
  };
}

/**
 * For commands that judge one request without a network: nothing can be asked, so opaque tokens and revocations end in a
 * failure; all else is judged as ever.
 */
export function offlineSources(): CredentialSources {
  return {
    introspectorFor: () => ({ introspect: () => err("offline"), stop() {} }),
    feedFor: () => ({ current: () => undefined }),
    replays: createReplayCache(MAX_PROOFS),
    secret: new Uint8Array(32),
  };
}

async function readList(
  { fetch, readFile }: SourceDependencies,
  { uri, path }: Revocation,
  etag: string,
  signal: AbortSignal,
): Promise<Result<FeedText, string>> {
  if (uri === undefined) {
    const text = await readFile(path ?? "", MAX_LIST_BYTES);
    return text.ok ? ok({ text: text.value, etag: "" }) : text;
  }
  const answer = await fetch({ url: uri, etag, maxBytes: MAX_LIST_BYTES, signal });
  if (!answer.ok) return answer;
  return ok(answer.value.kind === "unchanged" ? "unchanged" : { text: answer.value.text, etag: answer.value.etag });
}

interface Pool<R, L> {
  readonly for: (resource: R) => L;
  readonly retain: (resources: readonly R[]) => void;
  readonly all: () => readonly L[];
  readonly named: () => ReadonlyMap<string, L>;
}

/** One living thing for each name. */
function newPool<R, L extends { stop(): void }>(
  nameOf: (resource: R) => string,
  create: (resource: R) => L,
): Pool<R, L> {
  const living = new Map<string, L>();
  return {
    for(resource) {
      const name = nameOf(resource);
      const known = living.get(name);
      if (known !== undefined) return known;
      const made = create(resource);
      living.set(name, made);
      return made;
    },
    all: () => [...living.values()],
    named: () => living,
    retain(resources) {
      const wanted = new Set(resources.map(nameOf));
      for (const [name, one] of living) {
        if (wanted.has(name)) continue;
        one.stop();
        living.delete(name);
      }
    },
  };
}
