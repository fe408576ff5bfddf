// One node of the cluster as a process: started, killed, frozen and started again, its output kept in a file.
import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STATOR = join(ROOT, "bin", "stator.mjs");
/** A node that printed nothing about being ready within this is given up. */
const START_MS_MAX = 60_000;
const POLL_MS = 50;
const STOP_MS_MAX = 20_000;

export type NodeOptions = {
  readonly name: string;
  readonly zone: string;
  readonly dataDir: string;
  readonly logFile: string;
  /** Where it listens for peers, and what peers are told to connect to. */
  readonly listen: string;
  readonly advertise: string;
  readonly join: readonly string[];
  readonly apiHost: string;
  readonly apiPort: number;
  /** "key:secret"; empty on loopback, where none is needed. */
  readonly credentials: string;
  /** Words in front of the command: `ip netns exec …`. */
  readonly prefix: readonly string[];
  readonly extraFlags: readonly string[];
};

export class NodeProcess {
  readonly options: NodeOptions;
  #child: ChildProcess | null = null;
  #log: WriteStream | null = null;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: NodeOptions) {
    this.options = options;
  }

  get endpoint(): string {
    return `http://${this.options.apiHost}:${this.options.apiPort}`;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  start(): void {
    if (this.#child !== null) return;
    const { options } = this;
    mkdirSync(options.dataDir, { recursive: true });
    const log = createWriteStream(options.logFile, { flags: "a" });
    log.write(`\n---- start ${new Date().toISOString()}\n`);
    const words = [
      ...options.prefix, process.execPath, STATOR, "node", "--zone", options.zone, "--data-dir", options.dataDir,
      "--listen", options.listen, "--advertise", options.advertise, "--host", options.apiHost,
      "--port", String(options.apiPort), "--join", options.join.join(","),
      ...(options.credentials === "" ? [] : ["--credentials", options.credentials]), ...options.extraFlags,
    ];
    const [command, ...args] = words as [string, ...string[]];
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#child = child;
    this.#log = log;
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        log.write(`---- exit ${code ?? signal}\n`);
        log.end();
        if (this.#child === child) this.#child = null;
        resolve();
      });
    });
  }

  /** Resolves when the API answers /readyz with 200, or rejects. */
  async ready(): Promise<void> {
    const endMs = performance.now() + START_MS_MAX;
    while (performance.now() < endMs) {
      if (!this.isRunning) throw new Error(`${this.options.name} ended while it started; see ${this.options.logFile}`);
      if (await answers(`${this.endpoint}/readyz`)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`${this.options.name} was not ready within ${START_MS_MAX} ms; see ${this.options.logFile}`);
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** An orderly stop; a process that does not end is killed, and that is told. */
  async stop(): Promise<"stopped" | "killed"> {
    const child = this.#child;
    if (child === null) return "stopped";
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    let isKilled = false;
    const timer = setTimeout(() => {
      isKilled = true;
      child.kill("SIGKILL");
    }, STOP_MS_MAX);
    await this.#exited;
    clearTimeout(timer);
    return isKilled ? "killed" : "stopped";
  }

  note(text: string): void {
    this.#log?.write(`---- ${text}\n`);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
