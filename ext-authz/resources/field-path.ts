/** Where in a resource something stands, and how that is written for people. Pure. */

/** Member names and list indexes from the top of the document. */
export type Path = readonly (string | number)[];

const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `spec.rules[0].to[0].operation.paths[1]`; names that are no plain words are quoted: `labels["a/b"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (PLAIN.test(segment)) text += text === "" ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}

/** Takes one finding. Errors keep a resource out; warnings do not. */
export type Report = (path: Path, message: string, hint?: string, severity?: "error" | "warning") => void;

/** A report for what stands below `base`. */
export function under(report: Report, ...base: Path): Report {
  return (path, message, hint, severity) => report([...base, ...path], message, hint, severity);
}
