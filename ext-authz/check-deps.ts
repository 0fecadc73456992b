/** What one Check needs from outside: the snapshot in force and the effects, as small functions. */
import type { authenticate } from "./authenticate/authenticate.ts";
import type { AskOpa } from "./authorize/access-policy-consult.ts";
import type { BeginGrant } from "./grant/issue.ts";
import type { RequestSettings } from "./request/build-request.ts";
import type { Snapshot } from "./snapshot.ts";

export interface CheckDeps {
  /** The snapshot in force; undefined until the first one is in. */
  readonly snapshot: () => Snapshot | undefined;
  readonly request: RequestSettings;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Told of each stage that has ended, for traces. Absent = nobody listens. */
  readonly passed?: (stage: "request" | "authenticate" | "authorize" | "mint") => void;
  /** Another stage in the place of `authenticate`, for checks of claims without a token (`countersign check --claims`). */
  readonly authenticate?: typeof authenticate;
  /** Absent: the proxy may repeat nothing. */
  readonly beginGrant?: BeginGrant;
  /** Absent: AccessPolicies that ask an OPA server fail closed. */
  readonly askOpa?: AskOpa;
}
