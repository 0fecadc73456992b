/** Istio's ext_authz providers in MeshConfig. In: a survey. Out: each with its name and its settings. Pure. */
import { child, type Frame, items, textOf } from "./frame.ts";
import type { Survey } from "./survey.ts";

export interface Provider {
  readonly name: string;
  readonly config: Frame;
  readonly protocol: "grpc" | "http";
}

export function providersIn(survey: Survey): readonly Provider[] {
  return survey.providers.flatMap((list) =>
    items(list).flatMap((entry): Provider[] => {
      const name = textOf(child(entry, "name")) ?? "";
      const grpc = child(entry, "envoy_ext_authz_grpc");
      const http = child(entry, "envoy_ext_authz_http");
      if (grpc !== undefined) return [{ name, config: grpc, protocol: "grpc" }];
      return http === undefined ? [] : [{ name, config: http, protocol: "http" }];
    }),
  );
}
