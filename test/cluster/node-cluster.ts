// A cluster of real processes on loopback for a test: started, made, killed and started again as an operator would.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

const ENTRY = fileURLToPath(new URL("../../bin/stator.mjs", import.meta.url));
/** What does not come in this time fails the test. */
const WAIT_MS_MAX = 45_000;
const POLL_MS = 25;
export const HOST = "127.0.0.1";

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export class NodeUnderTest {
  readonly dataDir: string;
  readonly zone: string;
  out = "";
  err = "";
  readonly #extra: readonly string[];
  #child: ChildProcess | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);

  constructor(dataDir: string, zone: string, extra: readonly string[] = []) {
    this.dataDir = dataDir;
    this.zone = zone;
    this.#extra = extra;
  }

  start(join: readonly string[] = [], listen = `${HOST}:0`): void {
    this.out = "";
    this.err = "";
    const child = spawn(process.execPath, [
      ENTRY, "node", "--zone", this.zone, "--data-dir", this.dataDir, "--listen", listen, "--port", "0",
      ...(join.length === 0 ? [] : ["--join", join.join(",")]), ...this.#extra,
    ], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk: Buffer) => void (this.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => void (this.err += chunk.toString()));
    this.#child = child;
    this.#ended = once(child, "close").then(([code]) => {
      this.#child = null;
      return code as number | null;
    });
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  signal(name: "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  /** Its exit code. */
  async end(): Promise<number | null> {
    await until(`the end of the process in ${this.dataDir}`, () => !this.isRunning);
    return this.#ended;
  }

  peerAddress(): Promise<string> {
    return this.said(/^Listening for peers on (\S+)\.$/m);
  }

  endpoint(): Promise<string> {
    return this.said(/^ {2}endpoint +(\S+)$/m);
  }

  /** The first group of `pattern`, once it is in what the process prints. */
  async said(pattern: RegExp): Promise<string> {
    const end = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const found = pattern.exec(this.out) ?? pattern.exec(this.err);
      if (found !== null) return found[1] ?? "";
      if (this.#child === null || Date.now() > end) {
        throw new Error(`${String(pattern)} was not said in ${this.dataDir}:\n${this.out}\n${this.err}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

export class ClusterUnderTest {
  readonly directory: string;
  readonly nodes: NodeUnderTest[] = [];
  readonly #clients: DynamoDBClient[] = [];

  constructor(context: TestContext) {
    this.directory = mkdtempSync(join(tmpdir(), "stator-cluster-"));
    context.after(async () => {
      for (const client of this.#clients) client.destroy();
      await Promise.all(this.nodes.map((node) => node.kill()));
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  add(zone: string, extra: readonly string[] = []): NodeUnderTest {
    const node = new NodeUnderTest(join(this.directory, `n${this.nodes.length + 1}`), zone, extra);
    this.nodes.push(node);
    return node;
  }

  /** Nodes in three zones in turn, made a cluster. Returns their endpoints. */
  async begin(count: number): Promise<readonly string[]> {
    for (let i = 0; i < count; i++) this.add(`az${(i % 3) + 1}`).start();
    const addresses = await this.peerAddresses();
    const made = await stator("init", "--nodes", addresses.join(","));
    if (made.code !== 0) throw new Error(`init failed: ${made.err}`);
    return Promise.all(this.nodes.map((node) => node.endpoint()));
  }

  peerAddresses(): Promise<readonly string[]> {
    return Promise.all(this.nodes.map((node) => node.peerAddress()));
  }

  client(endpoint: string, maxAttempts = 1): DynamoDBClient {
    const client = new DynamoDBClient({
      endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" }, maxAttempts,
    });
    this.#clients.push(client);
    return client;
  }
}

/** One command line, to its end. */
export async function stator(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [ENTRY, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (err += chunk.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), WAIT_MS_MAX);
  const [code] = await once(child, "close");
  clearTimeout(timer);
  return { code: code as number | null, out, err };
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export type Status = {
  readonly node: number;
  readonly nodes: readonly {
    readonly id: number; readonly zone: string; readonly address: string; readonly life: string;
    readonly state: string;
  }[];
  readonly partitions: readonly {
    readonly table: string; readonly group: number; readonly replicas: readonly number[];
    readonly logReplicas: readonly number[]; readonly joining: readonly number[]; readonly leader: number | null;
  }[];
};

export async function statusOf(endpoint: string): Promise<Status> {
  const told = await stator("status", "--endpoint", endpoint, "--json");
  if (told.code !== 0) throw new Error(`status failed: ${told.err}`);
  return JSON.parse(told.out) as Status;
}
