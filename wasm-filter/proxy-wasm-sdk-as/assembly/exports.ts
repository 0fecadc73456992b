// What the host calls. An entry file re-exports it all: export * from "proxy-wasm-sdk-as/assembly/exports".
// It also pulls in the abort hook, so that the build line can name it.

import "./abort";

export * from "./on-callout";
export * from "./on-http";
export * from "./on-lifecycle";
export * from "./on-network";
