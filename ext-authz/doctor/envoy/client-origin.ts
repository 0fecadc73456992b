/** Who is believed about where a request came from. Source: Envoy's "HTTP header manipulation" (XFF, XFCC). */
import type { Chain } from "./chain.ts";
import { child, isTrue, items, numberOf, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";

const kinds = {
  remote_address_unused: {
    severity: "warning",
    why: "the client's own x-forwarded-for names its address, and its x-envoy headers count as internal",
    fix: "use_remote_address: true, with xff_num_trusted_hops for the proxies in front",
  },
  trusted_hops_unverified: {
    severity: "error",
    why: "hops are counted in a list that the direct peer wrote alone: who comes around the proxies chooses its address",
    fix: "use_remote_address: true beside xff_num_trusted_hops",
  },
  forwarded_for_not_appended: {
    severity: "warning",
    why: "this proxy learns the client's address but passes the client's own list on to the next",
    fix: "skip_xff_append: false",
  },
  client_certificate_forwarded: {
    severity: "error",
    why: "an x-forwarded-client-cert that the client wrote is passed on: any identity can be claimed with it",
    fix: "forward_client_cert_details: SANITIZE (or SANITIZE_SET, APPEND_FORWARD behind known proxies)",
  },
} as const;

type Id = keyof typeof kinds;

export const clientOrigin = group(kinds, function* (survey: Survey) {
  for (const chain of survey.chains) if (!chain.outbound) yield* origin(chain);
});

function* origin({ manager, name, inbound, partial }: Chain): Generator<Seen<Id>> {
  const remote = child(manager, "use_remote_address");
  const hops = child(manager, "xff_num_trusted_hops");
  const ownDetection = items(child(manager, "original_ip_detection_extensions")).length > 0;
  if (!isTrue(remote) && !ownDetection && !(partial && remote === undefined)) {
    if (hops !== undefined && (numberOf(hops) ?? 0) > 0) {
      yield { id: "trusted_hops_unverified", at: hops, saw: "without use_remote_address" };
    } else if (!inbound) {
      yield { id: "remote_address_unused", at: remote ?? manager, saw: `listener ${quote(name)}` };
    }
  }
  const skip = child(manager, "skip_xff_append");
  if (skip !== undefined && isTrue(skip)) yield { id: "forwarded_for_not_appended", at: skip, saw: "true" };
  const certificate = child(manager, "forward_client_cert_details");
  const mode = textOf(certificate);
  if (certificate !== undefined && (mode === "FORWARD_ONLY" || mode === "ALWAYS_FORWARD_ONLY")) {
    yield { id: "client_certificate_forwarded", at: certificate, saw: mode };
  }
}
