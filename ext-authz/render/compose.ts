/** The compose file of a description. In: zones as made for containers. Out: its text, or what is missing for it. Pure. */
import { compose } from "../../envoy/compose.ts";
import type { Config, ConfigValue, Zone } from "../../envoy/model.ts";
import { head, yamlText } from "../../envoy/text.ts";
import type { Problem } from "../resources/resource.ts";
import { err, ok, type Result } from "../result.ts";
import type { ReadDescription } from "./read-description.ts";
import type { Origin, RenderedFile } from "./render.ts";

/** The Envoy that everything here is tried with. */
export const ENVOY_VERSION = "1.40.0";

export function composeFile(
  { description, problem }: ReadDescription,
  zones: readonly Zone[],
  by: string,
  origin: Origin,
): Result<RenderedFile, readonly Problem[]> {
  const problems: Problem[] = [];
  const servers = Object.entries(description.servers).map(([name, server]) => {
    const service = server.compose ?? {};
    if (service["image"] === undefined && service["build"] === undefined) {
      problems.push(problem(["servers", name, "compose"], "needs image or build", "compose: { image: … }"));
    }
    return { name, ...origin.settings(name), service };
  });
  if (problems.length > 0) return err(problems);
  const file = compose({
    name: description.name ?? "countersign",
    envoyVersion: ENVOY_VERSION,
    zones: zones.map((zone) => ({ zone, server: description.zones[zone.name]?.server ?? "" })),
    servers,
    services: { ...ownServices(description.services), ...configs(description.compose?.services) },
  });
  const title = head("Start: docker compose up --build, with the variables that it asks for.", by);
  return ok({ text: `${title}${yamlText(file)}`, secret: false });
}

function ownServices(services: ReadDescription["description"]["services"]): Record<string, Config> {
  const withContainer = Object.entries(services ?? {}).flatMap(([name, { compose: service }]) =>
    service === undefined ? [] : [[name, service] as const],
  );
  return Object.fromEntries(withContainer);
}

function configs(services: Config | undefined): Record<string, Config> {
  return Object.fromEntries(
    Object.entries(services ?? {}).flatMap(([name, value]) => (isConfig(value) ? [[name, value] as const] : [])),
  );
}

function isConfig(value: ConfigValue): value is Config {
  return typeof value === "object" && !Array.isArray(value);
}
