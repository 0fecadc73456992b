/**
 * The end-to-end table through an Istio mesh: gateway and sidecar are stock Envoys that a real istiod configures, and that
 * fetch the filter from Countersign as `render` has it.
 */
import { demoTable } from "../e2e/demo-table.ts";
import { fetched, startMesh } from "./mesh.ts";

demoTable(async () => startMesh({ place: await fetched() }));
