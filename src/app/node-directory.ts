// The directory of one node that is a process of its own. It begins empty, is given an identity once, and keeps it.
//
//   node.json    format, uuid, zone; then, once the node has an identity: state, clusterId, nodeId, founders, begun
//   life.json    incarnation of the newest life: each start has a higher one
//   peers.json   where this node and its peers were last reached: a help for the next start, nothing depends on it
//   wal/, tree/  the log and the tree
//
// States: `empty` has a uuid and nothing else; `planned` was told what it will be by an `init` that may be under way
// still; `member` is a node of a cluster. A node that may have voted (`begun`) and lost its log never votes again.
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./embedded-options.ts";
import { readJson, writeJson } from "./json-file.ts";
import { isPlan, type ClusterPlan, type Founder } from "./membership-talk.ts";
import { holdsLog } from "./node-identity.ts";

const FORMAT = 1;
const NODE_ID_MAX = 32_767;

export type NodeState = "empty" | "planned" | "member";

type NodeFile = {
  readonly format: number;
  readonly uuid: string;
  readonly zone: string;
  readonly state: NodeState;
  readonly clusterId: string;
  /** 0: none yet. */
  readonly nodeId: number;
  /** The nodes that the cluster began with. */
  readonly founders: readonly Founder[];
  /** It may have voted: its log must be there from now on. */
  readonly begun: boolean;
};

export type KnownPeers = {
  /** This node's own address, as last told to others. */
  readonly self: string;
  readonly peers: readonly { readonly id: number; readonly address: string }[];
  /** Members of the system group. */
  readonly system: readonly number[];
};

const NO_PEERS: KnownPeers = { self: "", peers: [], system: [] };

export class NodeDirectory {
  readonly path: string;
  #file: NodeFile;

  private constructor(path: string, file: NodeFile) {
    this.path = path;
    this.#file = file;
  }

  /** Opens or makes the directory. Throws a StartError when it cannot be this node's. */
  static open(path: string, zone: string): NodeDirectory {
    const name = join(path, "node.json");
    if (existsSync(join(path, "cluster.json"))) {
      throw new StartError(`${path} holds an embedded cluster (\`stator start\`). Choose another --data-dir.`);
    }
    if (!existsSync(name)) {
      if (holdsLog(join(path, "wal"))) {
        throw new StartError(`${path} has a log but no node.json: a node without its identity must not vote. `
          + "Start a new node with an empty directory; the cluster replaces this one.");
      }
      const file: NodeFile = {
        format: FORMAT, uuid: randomUUID(), zone, state: "empty", clusterId: "", nodeId: 0, founders: [], begun: false,
      };
      writeJson(path, "node.json", file);
      return new NodeDirectory(path, file);
    }
    const directory = new NodeDirectory(path, readNodeFile(name));
    directory.#check(zone);
    return directory;
  }

  get uuid(): string {
    return this.#file.uuid;
  }

  get zone(): string {
    return this.#file.zone;
  }

  get state(): NodeState {
    return this.#file.state;
  }

  get clusterId(): string {
    return this.#file.clusterId;
  }

  get nodeId(): number {
    return this.#file.nodeId;
  }

  get founders(): readonly Founder[] {
    return this.#file.founders;
  }

  /** Notes what an `init` wants this node to be. Returns why not, or null. */
  plan(plan: ClusterPlan): string | null {
    const { state, clusterId, uuid, zone } = this.#file;
    if (state === "member") {
      return clusterId === plan.clusterId ? null : `it belongs to cluster ${clusterId} already`;
    }
    const own = plan.founders.find((founder) => founder.uuid === uuid);
    if (own === undefined) return "the plan does not name this node";
    if (own.zone !== zone) return `it is in zone ${zone}, not in ${own.zone}`;
    this.#write({ state: "planned", clusterId: plan.clusterId, nodeId: own.id, founders: plan.founders });
    return null;
  }

  /** All founders have noted the plan: this node is a member from now on. Returns why not, or null. */
  begin(clusterId: string): string | null {
    const { state } = this.#file;
    if (state === "empty") return "it was not told of any plan";
    if (this.#file.clusterId !== clusterId) return `it belongs to cluster ${this.#file.clusterId}`;
    if (state === "planned") this.#write({ state: "member" });
    return null;
  }

  /** A cluster that exists already has given this node an identity. */
  join(clusterId: string, nodeId: number, founders: readonly Founder[]): void {
    this.#write({ state: "member", clusterId, nodeId, founders });
  }

  /** To be durable before the node votes. */
  noteBegun(): void {
    if (!this.#file.begun) this.#write({ begun: true });
  }

  /** The incarnation of the life that begins now. */
  beginLife(): number {
    const found = existsSync(join(this.path, "life.json")) ? readJson(join(this.path, "life.json")) : {};
    const last = typeof found === "string" ? 0 : Number(found["incarnation"] ?? 0);
    const incarnation = Math.max((Number.isSafeInteger(last) ? last : 0) + 1, Date.now());
    writeJson(this.path, "life.json", { incarnation });
    return incarnation;
  }

  /** What was last known; empty when the file is missing or damaged. */
  readPeers(): KnownPeers {
    const name = join(this.path, "peers.json");
    const found = existsSync(name) ? readJson(name) : NO_PEERS;
    if (typeof found === "string") return NO_PEERS;
    const { self, peers, system } = found as Partial<KnownPeers>;
    if (typeof self !== "string" || !Array.isArray(peers) || !Array.isArray(system)) return NO_PEERS;
    const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 1 && (id as number) <= NODE_ID_MAX;
    return {
      self,
      peers: (peers as KnownPeers["peers"]).filter(({ id, address }) => isId(id) && typeof address === "string"),
      system: (system as number[]).filter(isId),
    };
  }

  writePeers(known: KnownPeers): void {
    writeJson(this.path, "peers.json", known);
  }

  #write(changes: Partial<NodeFile>): void {
    const file = { ...this.#file, ...changes };
    writeJson(this.path, "node.json", file);
    this.#file = file;
  }

  #check(zone: string): void {
    const { path } = this;
    if (this.#file.zone !== zone) {
      throw new StartError(`${path} belongs to a node in zone ${this.#file.zone}; a node does not change its zone. `
        + `Start it with --zone ${this.#file.zone}, or choose an empty --data-dir.`);
    }
    if (this.#file.begun && !holdsLog(join(path, "wal"))) {
      throw new StartError(`${path} has lost its log. A node that has forgotten what it promised must not vote again. `
        + "Start a new node with an empty directory; the cluster replaces this one.");
    }
    const known = new Set(["node.json", "life.json", "peers.json", "wal", "tree", "lock.sock"]);
    const strange = readdirSync(path).filter((entry) => /^node-\d+$/.test(entry) && !known.has(entry));
    if (strange.length > 0) throw new StartError(`${path} also holds ${strange[0]}; choose another --data-dir.`);
  }
}

function readNodeFile(name: string): NodeFile {
  const found = readJson(name);
  if (typeof found === "string") throw new StartError(`${found}.`);
  const { format, uuid, zone, state, clusterId, nodeId, founders, begun } = found as Partial<NodeFile>;
  if (format !== FORMAT) {
    throw new StartError(`${name} has format ${String(format)}; this Stator reads format ${FORMAT}.`);
  }
  const hasNames = typeof uuid === "string" && typeof zone === "string" && typeof clusterId === "string";
  const isEmpty = state === "empty" && nodeId === 0 && begun === false;
  const isGiven = (state === "planned" || state === "member") && isPlan({ clusterId, founders })
    && Number.isInteger(nodeId) && (nodeId as number) >= 1 && (nodeId as number) <= NODE_ID_MAX;
  if (!hasNames || !(isEmpty || isGiven) || typeof begun !== "boolean") {
    throw new StartError(`${name} is damaged: it does not say which node this is. Restore it, or start a new node with `
      + "an empty directory; the cluster replaces this one.");
  }
  return found as NodeFile;
}
