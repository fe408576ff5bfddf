// A Stator server as a process of its own, started, killed and restarted by the demo (and by crash tests).
import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../bin/stator.mjs", import.meta.url));
const START_MS_MAX = 60_000;

export class ServerProcess {
  readonly endpoint: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  private constructor(endpoint: string, child: ChildProcess) {
    this.endpoint = endpoint;
    this.#child = child;
    this.#exit = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  }

  /** Starts a server and waits until it is ready. `args` go behind `stator start --port N`. */
  static async start(args: readonly string[], port?: number): Promise<ServerProcess> {
    const chosen = port ?? (await freePort());
    const child = spawn(process.execPath, [PROGRAM, "start", "--port", String(chosen), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4_000);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    const server = new ServerProcess(`http://127.0.0.1:${chosen}`, child);
    const deadline = Date.now() + START_MS_MAX;
    while (!(await server.#isReady())) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        child.kill("SIGKILL");
        throw new Error(`the server did not start:\n${said}`);
      }
      await sleep(10);
    }
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get port(): number {
    return Number(new URL(this.endpoint).port);
  }

  /** Ends the process as a power cut of this process would: no handler runs. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  /** Asks the process to stop, and waits. Resolves to its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#exit;
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.endpoint}/readyz`)).ok;
    } catch {
      return false;
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
