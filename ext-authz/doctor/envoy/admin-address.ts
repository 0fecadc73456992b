/** Where Envoy's admin interface listens. It has no authentication of its own. */
import { child, textOf } from "./frame.ts";
import { group } from "./hazard.ts";
import type { Survey } from "./survey.ts";

const kinds = {
  admin_public: {
    severity: "error",
    why: "whoever reaches the admin interface can stop the proxy, change its runtime and read its configuration",
    fix: "bind it to 127.0.0.1, or to a Unix socket",
  },
} as const;

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\]|localhost)$/;

export const adminAddress = group(kinds, function* (survey: Survey) {
  for (const admin of survey.admins) {
    const address = child(admin, "address", "socket_address", "address");
    if (address !== undefined && !LOOPBACK.test(textOf(address) ?? "")) {
      yield { id: "admin_public", at: address, saw: "not a loopback address" } as const;
    }
  }
});
