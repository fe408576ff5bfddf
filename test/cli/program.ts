// Runs the program as people run it, and keeps what it says.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("../../bin/stator.mjs", import.meta.url));
/** A program that neither ends nor says what is waited for fails its test. */
const WAIT_MS_MAX = 60_000;

export class Program {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  /** Killed at the end of the test if it is still running then. */
  constructor(context: TestContext, args: readonly string[]) {
    this.#child = spawn(process.execPath, [ENTRY, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#ended = once(this.#child, "close").then(([code]) => code as number | null);
    context.after(() => this.#child.kill("SIGKILL"));
  }

  signal(name: "SIGTERM" | "SIGINT"): void {
    this.#child.kill(name);
  }

  /** Its exit code, when everything it wrote has been read. */
  end(): Promise<number | null> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), WAIT_MS_MAX);
    return this.#ended.finally(() => clearTimeout(timer));
  }

  /** The address it says it listens on, once it does. */
  async endpoint(): Promise<string> {
    const deadline = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const found = /^ {2}endpoint +(http:\S+)$/m.exec(this.stdout);
      if (found !== null) return found[1] as string;
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`no endpoint was told:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export function temporaryDirectory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "stator-cli-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
