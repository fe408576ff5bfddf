// How a long-running command ends: by a signal, by a start that cannot be, by a bug.
import { StartError } from "../app/embedded-options.ts";
import { EXIT_BUG, EXIT_CANNOT_START, EXIT_FORCED_BASE } from "./exit-codes.ts";

/** One key press can arrive twice: from the terminal and passed on by npm or the launcher. */
const SAME_SIGNAL_MS = 500;
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
export type StopSignal = keyof typeof SIGNALS;

export function guardProcess(): void {
  process.on("uncaughtException", endOnBug);
  process.stdout.on("error", ignore); // whoever reads the output may go away; the server stays
  process.stderr.on("error", ignore);
}

/** Says why, and gives the exit code. What is no fault of the environment is thrown on. */
export function refuseStart(error: unknown): number {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (error instanceof StartError) {
    process.stderr.write(`stator: ${message}\n`);
  } else if (code === "EACCES" || code === "EROFS" || code === "ENOSPC" || code === "ENOTDIR" || code === "EEXIST") {
    process.stderr.write(`stator: the data directory cannot be used (${message}). Choose another --data-dir, `
      + `or make ${path ?? "it"} a directory that this user may write to.\n`);
  } else {
    throw error;
  }
  return EXIT_CANNOT_START;
}

/** Resolves at the first request to stop; a later one ends the process at once. */
export function nextSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    let firstAt = -1;
    const hear = (signal: StopSignal): void => {
      const now = performance.now();
      if (firstAt < 0) {
        firstAt = now;
        resolve(signal);
      } else if (now - firstAt > SAME_SIGNAL_MS) {
        process.exit(EXIT_FORCED_BASE + SIGNALS[signal]);
      }
    };
    for (const signal of Object.keys(SIGNALS)) process.on(signal as StopSignal, hear);
  });
}

function endOnBug(error: Error): void {
  process.stderr.write(`stator: this is a bug in Stator; please report it with this text:\n${String(error.stack)}\n`);
  process.exit(EXIT_BUG);
}

function ignore(): void {
  // Nobody is left to tell.
}
