/**
 * The one door to the log: JSON lines, and nothing leaves that looks like a credential. Effects: writes lines through the
 * function it was given.
 */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  /** False = debug lines go nowhere, and nobody needs to gather what would be in them. */
  readonly debugging?: boolean;
  /** The same of info lines. */
  readonly informing?: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export function createLog(level: LogLevel, write: (line: string) => void, now: () => Date): Log {
  const least = LEVELS.indexOf(level);
  const at = (name: LogLevel) => {
    return (message: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(name) < least) return;
      const entry = { time: now().toISOString(), level: name, msg: message, ...fields };
      write(`${redact(JSON.stringify(entry, plain))}\n`);
    };
  };
  const is = { debugging: least === 0, informing: least <= 1 };
  return { ...is, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const MAX_TEXT = 4096;
// A JWT whose JSON begins with white space does not begin with `eyJ`: three parts, the last as long as a signature.
const COMPACT = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{30,}/;
const SUSPICIOUS = /eyJ|PRIVATE KEY|(?:bearer|basic|dpop)\s/i;

/** Errors become text; what is too long is cut: a log line is not a way to fill a disk. */
function plain(_: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`.slice(0, MAX_TEXT);
  if (typeof value === "string" && value.length > MAX_TEXT) return `${value.slice(0, MAX_TEXT)}…`;
  return value;
}

/**
 * Compact JWS, bearer credentials and PEM private keys are cut out of whatever text holds them: a message of a library
 * may quote what it was given. Exported for everything else that prints.
 */
export function redact(text: string): string {
  // One look is enough for most texts.
  if (!SUSPICIOUS.test(text) && !COMPACT.test(text)) return text;
  return text
    .replace(new RegExp(COMPACT, "g"), "[token]")
    .replace(/eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){1,4}/g, "[token]")
    .replace(/\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9+/=._~-]+/gi, "$1 [credential]")
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[private key]");
}
