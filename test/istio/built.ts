/** Before all tests in a mesh: says what to do when its programs are not there. */
import { existsSync } from "node:fs";
import { istioPaths } from "../../setup/istio.mjs";

export default function built(): void {
  const missing = Object.values(istioPaths()).filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`${missing.join(" and ")} not built; run: node setup/istio.mjs`);
}
