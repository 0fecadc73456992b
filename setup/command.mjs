/**
 * Runs one outside program to its end. In: file, arguments, bounds. Out: exit code and the bounded tail of its output;
 * never throws for a program that is missing or fails. Effects: a child process, ended when its time is over.
 */
import { spawn } from "node:child_process";

const TAIL = 8192;

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, onOutput?: (text: string) => void, inherit?: boolean }} [options]
 *   `inherit`: standard output and error go to our standard error (standard output belongs to the command we set up for).
 * @returns {Promise<{ code: number, stdout: string, stderr: string, missing: boolean }>} `code` 127 when it could not start, 124 when its time was over.
 */
export function command(file, args, options = {}) {
  const { cwd, env, timeoutMs = 600_000, onOutput, inherit = false } = options;
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio: inherit ? ["ignore", 2, 2] : ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      stdout = (stdout + text).slice(-TAIL);
      onOutput?.(text);
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      stderr = (stderr + text).slice(-TAIL);
      onOutput?.(text);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      const missing = "code" in error && error.code === "ENOENT";
      resolve({ code: 127, stdout, stderr: missing ? "not found" : error.message, missing });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      if (late) resolve({ code: 124, stdout, stderr: `no end after ${timeoutMs / 1000} s`, missing: false });
      else resolve({ code: code ?? 128, stdout, stderr, missing: false });
    });
  });
}

/** The last line that says something, at most 200 characters: what a summary can carry. */
export function lastLine(text) {
  const lines = text
    .split(/\r?\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return (lines.at(-1) ?? "").slice(0, 200);
}
