// The cluster under test: node processes in three zones, made, asked and commanded from outside, as an operator would.
import { execFile } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  CreateTableCommand, DynamoDBClient, waitUntilTableExists, type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Links } from "./links.ts";
import { NodeProcess } from "./node-process.ts";
import { readStatus, type ClusterStatus } from "./status.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ZONES = ["az1", "az2", "az3"] as const;
const COMMAND_MS_MAX = 60_000;
const POLL_MS = 200;

export const TABLE = "gameday";
/** Of transactions: with a global index and a stream. */
export const TRANSACTED = "gameday-transactions";
export const OWNER_INDEX = "by-owner";

export type ClusterOptions = {
  readonly directory: string;
  readonly nodes: number;
  readonly partitions: number;
  readonly links: Links;
  readonly credentials: string;
};

export class Cluster {
  readonly nodes: NodeProcess[] = [];
  readonly links: Links;
  readonly #options: ClusterOptions;
  #founders: readonly string[] = [];

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.links = options.links;
  }

  get credentials(): string {
    return this.#options.credentials;
  }

  /** Endpoints of nodes whose process runs; of all, when none does. */
  endpoints(): readonly string[] {
    const running = this.nodes.filter((node) => node.isRunning);
    return (running.length > 0 ? running : this.nodes).map(({ endpoint }) => endpoint);
  }

  zoneOf(index: number): string {
    return ZONES[index % ZONES.length] as string;
  }

  indexesOf(zone: string): readonly number[] {
    return this.nodes.flatMap((node, i) => (node.options.zone === zone ? [i] : []));
  }

  async start(): Promise<void> {
    const places = [];
    for (let i = 0; i < this.#options.nodes; i++) places.push(await this.#placeOf(i));
    this.#founders = places.slice(0, ZONES.length).map(({ advertise }) => advertise);
    for (const [i, place] of places.entries()) this.nodes.push(this.#make(i, place));
    const founders = this.nodes.slice(0, ZONES.length);
    for (const node of founders) node.start();
    await this.#init();
    await Promise.all(founders.map((node) => node.ready()));
    for (const node of this.nodes.slice(ZONES.length)) {
      node.start();
      await node.ready();
    }
    await this.#createTables();
  }

  /** A node that was never there before, in `zone`; `dataDir` is where its files go. */
  async add(zone: string, dataDir: string | null = null): Promise<NodeProcess> {
    const index = this.nodes.length;
    const node = this.#make(index, await this.#placeOf(index), zone, dataDir);
    this.nodes.push(node);
    node.start();
    await node.ready();
    return node;
  }

  async stop(): Promise<readonly string[]> {
    const ends = await Promise.all(this.nodes.map(async (node) => ({ node, end: await node.stop() })));
    return ends.filter(({ end }) => end === "killed").map(({ node }) => `${node.options.name} did not stop in time`);
  }

  /** Asks the nodes in turn until one answers. */
  async status(): Promise<ClusterStatus> {
    let last: unknown = null;
    for (const endpoint of this.endpoints()) {
      try {
        return await readStatus(endpoint, this.#options.credentials);
      } catch (error) {
        last = error;
      }
    }
    throw new Error(`no node tells the cluster's status: ${String(last)}`);
  }

  async waitFor(what: string, withinMs: number, isSo: (status: ClusterStatus) => boolean): Promise<boolean> {
    const endMs = performance.now() + withinMs;
    while (performance.now() < endMs) {
      const status = await this.status().catch(() => null);
      if (status !== null && isSo(status)) return true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    console.log(`    ${what}: not within ${withinMs} ms`);
    return false;
  }

  /** `stator <words>` against a node that runs. */
  async command(...words: readonly string[]): Promise<string> {
    const { credentials } = this.#options;
    const args = [
      "bin/stator.mjs", ...words, "--endpoint", this.endpoints()[0] as string,
      ...(credentials === "" ? [] : ["--credentials", credentials]),
    ];
    const { stdout } = await run(process.execPath, args, { cwd: ROOT, timeout: COMMAND_MS_MAX });
    return stdout;
  }

  async #init(): Promise<void> {
    await run(process.execPath, ["bin/stator.mjs", "init", "--nodes", this.#founders.join(",")], {
      cwd: ROOT, timeout: COMMAND_MS_MAX,
    });
  }

  async #placeOf(index: number): Promise<PlaceOfNode> {
    const place = await this.links.place(index);
    const port = await freePort(place.prefix.length > 0 ? null : place.listenHost);
    return {
      ...place, port, apiPort: await freePort(place.prefix.length > 0 ? null : place.apiHost),
      advertise: await this.links.advertise(index, port),
    };
  }

  #make(index: number, place: PlaceOfNode, zone = this.zoneOf(index), dataDir: string | null = null): NodeProcess {
    const { directory, credentials } = this.#options;
    return new NodeProcess({
      name: `node ${index + 1}`, zone, dataDir: dataDir ?? join(directory, `node-${index + 1}`),
      logFile: join(directory, `node-${index + 1}.log`), listen: `${place.listenHost}:${place.port}`,
      advertise: place.advertise, join: this.#founders, apiHost: place.apiHost, apiPort: place.apiPort, credentials,
      prefix: place.prefix, extraFlags: place.flags,
    });
  }

  async #createTables(): Promise<void> {
    const [accessKeyId, secretAccessKey] = this.#options.credentials === ""
      ? ["local", "local"] : this.#options.credentials.split(":");
    const client = new DynamoDBClient({
      endpoint: this.endpoints()[0] as string, region: "us-east-1",
      credentials: { accessKeyId: accessKeyId ?? "", secretAccessKey: secretAccessKey ?? "" },
    });
    const common: Pick<CreateTableCommandInput, "BillingMode" | "Tags"> = {
      BillingMode: "PAY_PER_REQUEST", Tags: [{ Key: "stator:partitions", Value: String(this.#options.partitions) }],
    };
    await client.send(new CreateTableCommand({
      ...common, TableName: TABLE,
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    }));
    await client.send(new CreateTableCommand({
      ...common, TableName: TRANSACTED,
      AttributeDefinitions: ["pk", "owner"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      GlobalSecondaryIndexes: [{
        IndexName: OWNER_INDEX, KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    }));
    for (const TableName of [TABLE, TRANSACTED]) {
      await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
    }
    client.destroy();
  }
}

type PlaceOfNode = {
  readonly listenHost: string;
  readonly apiHost: string;
  readonly prefix: readonly string[];
  readonly flags: readonly string[];
  readonly port: number;
  readonly apiPort: number;
  readonly advertise: string;
};

/** A port that nobody has now; `host` null: in a namespace of its own, where any will do. */
async function freePort(host: string | null): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host ?? "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
