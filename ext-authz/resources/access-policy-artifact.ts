/**
 * Files that policies name, from disk. In: a policy's file and a name relative to it. Out: bytes, or why there are none.
 * Effect: reads one file, synchronously, at load. A policy may come from another team: it names files below its own
 * folder only, and only regular files of a bounded size.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve, sep } from "node:path";
import { MAX_BUNDLE_BYTES } from "../authorize/rego/bundle.ts";
import { err, ok } from "../result.ts";
import type { ReadArtifact } from "./access-policy.ts";

export const readArtifactFile: ReadArtifact = (policyFile, name) => {
  const folder = dirname(resolve(policyFile));
  const path = resolve(folder, name);
  if (isAbsolute(name) || !path.startsWith(folder === sep ? sep : folder + sep)) {
    return err("must be below the folder of the policy");
  }
  let file: number;
  try {
    // A named pipe would hold the process until somebody writes to it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return err("cannot be read");
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) return err("is no file");
    if (found.size > MAX_BUNDLE_BYTES) return err(`is larger than ${MAX_BUNDLE_BYTES} bytes`);
    return ok(new Uint8Array(readFileSync(file)));
  } catch {
    return err("cannot be read");
  } finally {
    closeSync(file);
  }
};
