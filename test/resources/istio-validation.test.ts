import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readResources } from "../../ext-authz/resources/read.ts";

interface ValidationCase {
  readonly name: string;
  readonly object: object;
  readonly valid: boolean;
  readonly warning: boolean;
}

const { cases }: { cases: readonly ValidationCase[] } = JSON.parse(
  readFileSync(new URL("../cases/istio-validation.json", import.meta.url), "utf8"),
);

describe("every resource that Istio's validation judges is judged the same", () => {
  test.each(cases)("$name", ({ object, valid, warning }) => {
    const { resources, problems } = readResources([{ file: "case.yaml", text: JSON.stringify(object) }]);
    const severities = new Set(problems.map(({ severity }) => severity));
    expect({ valid: !severities.has("error"), warning: severities.has("warning") }, JSON.stringify(problems)).toEqual({
      valid,
      warning,
    });
    expect(resources).toHaveLength(valid ? 1 : 0);
  });
});
