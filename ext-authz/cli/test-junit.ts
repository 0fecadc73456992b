/** Test results as JUnit XML, the form that CI systems read. Pure. */
import type { TestResult } from "./test-run.ts";

export function junitXml(results: readonly TestResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const byFile = grouped(results);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="countersign" tests="${results.length}" failures="${failed}" time="${seconds(results)}">`,
    ...[...byFile].flatMap(([file, suite]) => suiteLines(file, suite)),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines(file: string, results: readonly TestResult[]): readonly string[] {
  const failed = results.filter(({ passed }) => !passed).length;
  const counts = `tests="${results.length}" failures="${failed}" time="${seconds(results)}"`;
  return [`  <testsuite name="${xmlText(file)}" ${counts}>`, ...results.flatMap(caseLines), "  </testsuite>"];
}

function caseLines(result: TestResult): readonly string[] {
  const at = `file="${xmlText(result.file)}" line="${result.line}"`;
  const head = `    <testcase name="${xmlText(result.name)}" classname="${xmlText(result.file)}" ${at} time="${seconds([result])}"`;
  if (result.passed) return [`${head}/>`];
  const text = xmlText(result.failures.join("\n"));
  return [
    `${head}>`,
    `      <failure message="${xmlText(result.failures[0] ?? "")}">${text}</failure>`,
    "    </testcase>",
  ];
}

function seconds(results: readonly TestResult[]): string {
  return (results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000).toFixed(4);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 §2.2: most control characters may not stand in a document even as references; a name may hold any. */
function xmlText(text: string): string {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const allowed = code === 0x09 || code === 0x0a || code === 0x0d || (code >= 0x20 && !isForbidden(code));
    out += allowed ? (ENTITIES[char] ?? char) : "\u{fffd}";
  }
  return out;
}

function isForbidden(code: number): boolean {
  return (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
}

function grouped(results: readonly TestResult[]): ReadonlyMap<string, readonly TestResult[]> {
  const byFile = new Map<string, TestResult[]>();
  for (const result of results) {
    const suite = byFile.get(result.file);
    if (suite === undefined) byFile.set(result.file, [result]);
    else suite.push(result);
  }
  return byFile;
}
