/** What every command of `countersign` is. Exit codes are a contract (DESIGN §5). */

export const EXIT = { fine: 0, findings: 1, usage: 2, failed: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Output {
  /** One line on standard output. */
  out(line: string): void;
  /** One line on standard error. */
  err(line: string): void;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** @throws UsageError for wrong options; anything else that is thrown ends as exit code 3. */
  run(args: readonly string[], output: Output): Promise<ExitCode>;
}

export class UsageError extends Error {
  override readonly name = "UsageError";
}
