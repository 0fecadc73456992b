/** How a Node of ours runs TypeScript. In: nothing. Out: its arguments. Found from here, wherever the process then stands. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

export const typescriptArguments: readonly string[] = [
  "--import",
  pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href,
];
