/**
 * Configuration as text that people read: YAML, byte-stable, with a head that says what it is and where it comes from. In:
 * plain data and comments by place. Out: text. No effects.
 */
import { Document } from "yaml";
import { annotate, type Comment } from "./comments.ts";
import type { Config } from "./model.ts";

/** First lines of a file that is written, not edited. `origin`: how it was written, as a command or a file's name. */
export function head(title: string, origin: string): string {
  return `# ${title}\n# Written by ${origin}: change its source.\n`;
}

export function yamlText(config: Config, comments: readonly Comment[] = []): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  annotate(document, comments);
  return document.toString({ lineWidth: 0 });
}

/** Several objects in one file, as `kubectl apply -f` takes them. */
export function yamlTexts(configs: readonly Config[]): string {
  return configs.map((config) => yamlText(config)).join("---\n");
}
