/**
 * The end-to-end table through an Istio mesh: gateway and sidecar are stock Envoys that a real istiod configures. Once with
 * every request asked, once with what is granted repeated: the table cannot tell.
 */
import { describe } from "vitest";
import { demoTable } from "../e2e/demo-table.ts";
import { startMesh } from "./mesh.ts";
import { asking, granting } from "./zones.ts";

describe("every request is asked", () => demoTable(() => startMesh({ place: asking })));
describe("what is granted is repeated", () => demoTable(() => startMesh({ place: granting })));
