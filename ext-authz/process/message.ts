/**
 * What the primary and its workers say to each other over the channel between them. Both ends are this program: a message
 * is told apart by its `type` and trusted beyond that. Policies go over it whole, so that every worker has the same ones.
 */
import type { Settings } from "../config/settings.ts";
import type { Resource } from "../resources/resource.ts";
import type { HttpAnswer } from "../transport/http-server.ts";

export interface Policies {
  readonly resources: readonly Resource[];
  readonly candidates: readonly Resource[];
}

export type ToWorker =
  | {
      readonly type: "start";
      readonly slot: number;
      readonly settings: Settings;
      /** PKCS#8. Secret: it goes over the channel, never through the environment or a file. */
      readonly signingKeyPem: string;
      readonly policies: Policies;
    }
  | { readonly type: "apply"; readonly id: number; readonly policies: Policies }
  | { readonly type: "refuse"; readonly problems: number }
  | { readonly type: "ask"; readonly id: number; readonly path: string }
  /** Quietly: others answer on the same address. */
  | { readonly type: "drain"; readonly quietly: boolean };

export type FromWorker =
  /** Listens to messages. */
  | { readonly type: "hello" }
  /** Takes connections on this address. */
  | { readonly type: "serving"; readonly grpc: string }
  /** `error` "" = in force. */
  | { readonly type: "outcome"; readonly id: number; readonly error: string }
  | { readonly type: "answer"; readonly id: number; readonly answer: HttpAnswer }
  /** The last metrics of a worker that ends. */
  | { readonly type: "departed"; readonly metrics: string };

const TO_WORKER: readonly string[] = ["start", "apply", "refuse", "ask", "drain"] satisfies ToWorker["type"][];
const FROM_WORKER: readonly string[] = [
  "hello",
  "serving",
  "outcome",
  "answer",
  "departed",
] satisfies FromWorker["type"][];

export function isToWorker(message: unknown): message is ToWorker {
  return TO_WORKER.includes(typeOf(message));
}

export function isFromWorker(message: unknown): message is FromWorker {
  return FROM_WORKER.includes(typeOf(message));
}

function typeOf(message: unknown): string {
  return typeof message === "object" && message !== null && "type" in message ? String(message.type) : "";
}
