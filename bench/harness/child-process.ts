// Processes that the benchmark starts: pinned to a core where the system can, and ended with it.
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";

/** Of the output of a process, to explain why it ended. */
const SAID_CHARS_MAX = 4_000;
const STOP_MS_MAX = 15_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

export class Child {
  readonly process: ChildProcess;
  readonly #exit: Promise<void>;
  #said = "";

  /** `core` null leaves the process to the scheduler. */
  constructor(command: string, args: readonly string[], core: number | null, stdio: StdioOptions) {
    const [program, ...rest] = pinned(command, args, core);
    this.process = spawn(program as string, rest, { stdio });
    running.add(this.process);
    this.#exit = new Promise((resolve) => {
      const ended = (): void => {
        running.delete(this.process);
        resolve();
      };
      this.process.once("exit", ended);
      this.process.once("error", (error) => {
        this.#said += error.message;
        ended();
      });
    });
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-SAID_CHARS_MAX);
    };
    this.process.stdout?.on("data", hear);
    this.process.stderr?.on("data", hear);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get said(): string {
    return this.#said;
  }

  get isRunning(): boolean {
    return running.has(this.process);
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal);
    const force = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS_MAX);
    await this.#exit;
    clearTimeout(force);
  }
}

/** Where one core serves and another sends, neither takes time from the other. */
export const CAN_PIN: boolean = (
  process.platform === "linux" && availableParallelism() > 1 && findProgram("taskset") !== null
);
export const SERVER_CORE = 0;
export const GENERATOR_CORE = 1;

function pinned(command: string, args: readonly string[], core: number | null): readonly string[] {
  return core === null || !CAN_PIN ? [command, ...args] : ["taskset", "-c", String(core), command, ...args];
}

export function findProgram(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
