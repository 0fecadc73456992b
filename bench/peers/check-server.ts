/** A server that answers Check: what the bench needs to know of each, whoever wrote it. No effects. */
import type { Child } from "../../examples/demo/child.ts";

export interface CheckServer {
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** How its documentation has Envoy send headers: each line raw, or one joined map. */
  readonly encodeRawHeaders: boolean;
  readonly child: Child;
  /** Its HTTP side, where it has one that we use. */
  readonly http?: string;
}

/** Policies in all: one that decides, the others for services that are not asked for. */
export type PolicyCount = 10 | 10_000;
