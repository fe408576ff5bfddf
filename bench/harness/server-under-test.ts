// The servers that are compared, each as a process of its own on a fresh directory.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child, freePort, SERVER_CORE } from "./child-process.ts";
import type { Dialect } from "./dialects.ts";
import type { Peers } from "./peers.ts";
import { CREDENTIAL } from "./sign-request.ts";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
/** Beside the sources, so that it lies on a disk: the temporary directory may be memory. */
const SCRATCH = join(ROOT, ".cache", "bench");
const START_MS_MAX = 120_000;
const POLL_MS = 2;

export type ServerName =
  | "stator" | "stator-memory" | "dynalite-memory" | "dynalite-disk" | "etcd" | "redis" | "echo";

export const SERVER_TITLES: Readonly<Record<ServerName, string>> = {
  stator: "Stator, 3 copies synced on disk, signatures checked",
  "stator-memory": "Stator, 3 copies in memory, signatures checked",
  "dynalite-memory": "dynalite 4.0.0, 1 copy in memory, no signatures",
  "dynalite-disk": "dynalite 4.0.0, 1 copy on disk, not synced, no signatures",
  etcd: "etcd, 1 node, synced, HTTP gateway",
  redis: "Redis, 1 copy, appendfsync always",
  echo: "bare node:http echo",
};

export type Command = {
  readonly program: string; readonly args: readonly string[];
  /** Of an HTTP server; null for one that answers PING. */
  readonly healthPath: string | null;
};

export class Server {
  readonly name: ServerName;
  readonly port: number;
  readonly directory: string;
  readonly #child: Child;

  constructor(name: ServerName, port: number, directory: string, child: Child) {
    this.name = name;
    this.port = port;
    this.directory = directory;
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get dialect(): Dialect {
    return this.name === "echo" || this.name === "etcd" || this.name === "redis" ? this.name : "dynamodb";
  }

  /** Leaves the directory. */
  end(signal: NodeJS.Signals): Promise<void> {
    return this.#child.stop(signal);
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export type StartOptions = {
  readonly peers: Peers;
  /** On the servers' core, or left to the scheduler. */
  readonly isPinned: boolean;
  /** Taken up again instead of a new one. */
  readonly directory?: string;
};

export function makeScratch(label: string): string {
  mkdirSync(SCRATCH, { recursive: true });
  return mkdtempSync(join(SCRATCH, `${label}-`));
}

/** Resolves when the server has answered for the first time. */
export async function startServer(name: ServerName, options: StartOptions): Promise<Server> {
  const directory = options.directory ?? makeScratch(name);
  const port = await freePort();
  const { program, args, healthPath } = commandOf(name, port, directory, options.peers);
  const child = new Child(program, args, options.isPinned ? SERVER_CORE : null, ["ignore", "pipe", "pipe"]);
  const deadline = performance.now() + START_MS_MAX;
  while (!(await isReady(port, healthPath))) {
    if (!child.isRunning || performance.now() > deadline) {
      await child.stop("SIGKILL");
      throw new Error(`${name} did not start:\n${child.said}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
  return new Server(name, port, directory, child);
}

function commandOf(name: ServerName, port: number, directory: string, peers: Peers): Command {
  const node = process.execPath;
  const dynalite = [peers.dynalite ?? "", "--host", "127.0.0.1", "--port", String(port), "--createTableMs", "1"];
  switch (name) {
    case "stator":
    case "stator-memory": {
      const credentials = join(directory, "credentials");
      writeFileSync(credentials, `${CREDENTIAL.accessKeyId}:${CREDENTIAL.secretAccessKey}\n`);
      const storage = name === "stator" ? ["--data-dir", join(directory, "data")] : ["--in-memory"];
      const args = ["start", "--port", String(port), "--credentials", credentials, ...storage];
      return { program: node, args: [...profiling(), join(ROOT, "bin", "stator.mjs"), ...args], healthPath: "/readyz" };
    }
    case "dynalite-memory":
      return { program: node, args: dynalite, healthPath: "/" };
    case "dynalite-disk":
      return { program: node, args: [...dynalite, "--path", join(directory, "data")], healthPath: "/" };
    case "echo":
      return { program: node, args: [join(ROOT, "bench", "echo-server.ts"), String(port)], healthPath: "/" };
    case "redis":
      return {
        program: peers.redis ?? "", healthPath: null,
        args: ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--appendonly", "yes",
          "--appendfsync", "always", "--save", ""],
      };
    case "etcd": {
      const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`];
      return {
        program: peers.etcd ?? "", healthPath: "/health",
        args: ["--data-dir", join(directory, "data"), "--listen-client-urls", client, "--advertise-client-urls", client,
          "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`],
      };
    }
    default:
      throw new Error(`no server ${String(name)}`);
  }
}

/** STATOR_BENCH_NODE gives Stator's node arguments of its own, for example --cpu-prof. */
function profiling(): readonly string[] {
  return (process.env["STATOR_BENCH_NODE"] ?? "").split(" ").filter((argument) => argument !== "");
}

/** Any answer from a peer is a start; Stator says itself when it is ready. */
function isReady(port: number, path: string | null): Promise<boolean> {
  const question = path === null
    ? "PING\r\n" : `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.write(question));
    socket.once("data", (chunk: Buffer) => {
      socket.destroy();
      const isOk = chunk.toString("latin1", 0, 12) === "HTTP/1.1 200";
      resolve(path === null || path === "/" || isOk);
    });
  });
}
