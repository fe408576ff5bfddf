// One machine: a storage node and a router that share its power, its clock and its pauses, and a disk that outlives
// them, but for the day when it is lost: then the machine comes back as a new node. Everything that runs on it is
// the production code.
import { assert, must } from "../../base/assert.ts";
import { nodeId, type GroupId, type NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import { hostsOf } from "../../model/table-schema.ts";
import { openNode, StatorNode, type NodeFailure } from "../../node/stator-node.ts";
import type { InitialNode } from "../../roles/metadata/plan-nodes.ts";
import { Router } from "../../roles/router/role.ts";
import { CATALOGUE, REQUEST, type NodeMessage } from "../../wire/data-messages.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import type { Violation } from "../checker/violation.ts";
import type { RunOptions } from "../swarm/options.ts";
import type { EventLoop } from "../world/event-loop.ts";
import { SimClock } from "../world/sim-clock.ts";
import type { SimNetwork } from "../world/sim-network.ts";
import { nodeRandom } from "../world/sim-random.ts";
import type { TelemetryRecorder } from "../world/sim-telemetry.ts";
import { enrol } from "./enrol.ts";
import { ReadGuard } from "./read-guard.ts";
import { MachineStorage } from "./machine-storage.ts";

/** The router of node n has this id plus n. */
export const ROUTER_BASE = 32_768;
/** A process that has no identity yet is reached under one of these: no node or router has such an id. */
export const NAMELESS_BASE = 60_000;
const DISKS_MAX = 256;
/** Often enough that items whose time is over are deleted amid the faults. */
const EXPIRY_PASS_MS = 30;
/** Replicas that a node takes: no bound of its own. */
const CAPACITY = 10_000;

export type MachineEnv = {
  readonly seed: number;
  readonly options: RunOptions;
  readonly loop: EventLoop;
  readonly network: SimNetwork<NodeMessage>;
  readonly telemetry: TelemetryRecorder;
  /** The nodes that the cluster began with. */
  readonly initialNodes: readonly InitialNode[];
  /** Nodes that somebody who starts a machine would name: those that have an identity now. */
  readonly contacts: () => readonly NodeId[];
  /** Draws clocks and storage faults. */
  readonly prng: Prng;
  /** The node could not start, or stopped by itself. */
  readonly onFailed: (machine: Machine, failure: NodeFailure) => void;
  /** The node recovered and takes part; `replayed`: its log held more than its tree. */
  readonly onOpened: (machine: Machine, replayed: boolean) => void;
  readonly onApplied: (machine: Machine, group: GroupId, entry: LogEntry) => void;
  readonly onViolation: (found: Violation) => void;
  /** The machine came to have an identity. */
  readonly onIdentity: (machine: Machine) => void;
};

export class Machine {
  readonly number: number;
  readonly zone: number;
  readonly #env: MachineEnv;
  #storage: MachineStorage;
  /** Disks lost so far. */
  #disks = 0;
  #identity: NodeId | null;
  /** Members of the system group as this machine last heard; empty: it has not heard of any. */
  #system: readonly NodeId[] = [];
  #life = 0;
  #isOn = false;
  #node: StatorNode | null = null;
  #router: Router | null = null;
  #clocks: readonly SimClock[] = [];
  #rate = 1;

  constructor(env: MachineEnv, number: number, zone: number) {
    this.#env = env;
    this.number = number;
    this.zone = zone;
    this.#identity = nodeId(number);
    this.#storage = this.#newStorage();
    env.onIdentity(this);
  }

  get storage(): MachineStorage {
    return this.#storage;
  }

  /** Null from the loss of a disk until the cluster has given the new node its id. */
  get identity(): NodeId | null {
    return this.#identity;
  }

  /** Names its disk: what a node is known by before it has an id. */
  get uuid(): string {
    return diskName(this.number, this.#disks);
  }

  /** What its node goes by on the network and among events, also while it has no identity. */
  get nodeId(): NodeId {
    return this.#identity ?? nodeId(NAMELESS_BASE + this.number * DISKS_MAX + this.#disks);
  }

  get routerId(): NodeId {
    return this.#identity === null ? this.nodeId : nodeId(ROUTER_BASE + this.#identity);
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Null while off, starting, or stopped by itself. */
  get node(): StatorNode | null {
    return this.#node !== null && !this.#node.isStopped ? this.#node : null;
  }

  get router(): Router | null {
    return this.#router;
  }

  /** How often it was switched on. */
  get lives(): number {
    return this.#life;
  }

  get monotonicMs(): number {
    const clock = this.#clocks[0];
    assert(clock !== undefined, "a machine that is on has a clock");
    return clock.monotonicMs();
  }

  powerOn(): void {
    if (this.#isOn) return;
    const { prng, options } = this.#env;
    const life = ++this.#life;
    this.#isOn = true;
    const isAlive = (): boolean => this.#isOn && this.#life === life;
    const startMs = prng.below(1_000_000);
    const wallOffsetMs = options.wallOffsetMsMax === 0 ? 0 : prng.below(options.wallOffsetMsMax);
    // Tokens of transactions are for ten minutes of wall time: there the time of day does not hang on the start.
    const fault = {
      startMs, rate: this.#rate, wallOffsetMs: wallOffsetMs - (options.load.hasTransactions ? startMs : 0),
    };
    const newClock = (target: NodeId): SimClock => {
      const clock = new SimClock(this.#env.loop, target, fault);
      this.#clocks = [...this.#clocks, clock];
      return clock;
    };
    this.#clocks = [];
    if (this.#identity === null) this.#enrol(newClock, life, isAlive);
    else this.#start(newClock, life, isAlive);
  }

  /** Nothing that runs gets to know of it. */
  powerOff(): void {
    if (!this.#isOn) return;
    const { network } = this.#env;
    this.#isOn = false;
    for (const clock of this.#clocks) clock.stop();
    network.attach(this.nodeId, null);
    network.attach(this.routerId, null);
    this.#node = null;
    this.#router = null;
    this.#storage.powerOff();
  }

  /** Its disk is gone for ever, and with it its identity. */
  loseDisk(): void {
    assert(!this.#isOn, "a disk is lost with the power off");
    this.#disks++;
    assert(this.#disks < DISKS_MAX, "a machine loses only so many disks");
    this.#identity = null;
    this.#system = [];
    this.#storage = this.#newStorage();
  }

  /** Of all clocks of the machine, in this life and the next ones. */
  setRate(rate: number): void {
    this.#rate = rate;
    if (this.#isOn) for (const clock of this.#clocks) clock.setRate(rate);
  }

  jumpWall(byMs: number): void {
    if (this.#isOn) for (const clock of this.#clocks) clock.jumpWall(byMs);
  }

  #newStorage(): MachineStorage {
    const { loop, prng, options } = this.#env;
    return new MachineStorage(loop, this.nodeId, prng.split(`storage ${this.number}.${this.#disks}`), options);
  }

  /** Asks the cluster for an identity until there is one, then starts under it. */
  #enrol(newClock: (target: NodeId) => SimClock, life: number, isAlive: () => boolean): void {
    const { network, seed, contacts, onIdentity } = this.#env;
    const self = this.nodeId;
    const clock = newClock(self);
    this.#storage.powerOn(clock);
    const nameless = enrol({
      self, clock, random: nodeRandom(seed, self, life), network: network.port(self, isAlive), contacts: contacts(),
      work: {
        kind: "register", uuid: this.uuid, zone: zoneName(this.zone),
        address: `machine-${this.number}:7000`, capacity: CAPACITY,
      },
    }, (identity) => {
      if (!isAlive()) return;
      network.attach(self, null);
      clock.stop();
      this.#storage.powerOff();
      this.#clocks = []; // the node's own begins at zero again
      this.#identity = identity;
      onIdentity(this);
      this.#start(newClock, life, isAlive);
    });
    network.attach(self, nameless);
  }

  #start(newClock: (target: NodeId) => SimClock, life: number, isAlive: () => boolean): void {
    const { network, options, contacts, seed } = this.#env;
    this.#startNode(newClock(this.nodeId), life, isAlive);
    const router = new Router({
      self: this.routerId, clock: newClock(this.routerId), random: nodeRandom(seed, this.routerId, life),
      network: network.port(this.routerId, isAlive),
      metadataNodes: this.#system.length > 0 ? this.#system : contacts(),
      nearNode: options.load.readsNear ? this.nodeId : null,
    });
    this.#router = router;
    network.attach(this.routerId, (message) => {
      router.onMessage(message);
      if (message.kind !== CATALOGUE) return;
      // Noted in the machine's directory; and what one part of the process learned, the other need not ask for.
      this.#system = hostsOf(message.system);
      this.#node?.receive(message);
    });
  }

  #startNode(clock: SimClock, life: number, isAlive: () => boolean): void {
    const env = this.#env;
    const { options, network, telemetry, initialNodes, seed } = env;
    const self = must(this.#identity, "a node starts under its identity");
    const random = nodeRandom(seed, self, life);
    const { disk, kv } = this.#storage.powerOn(clock);
    const guard = new ReadGuard(
      network.port(self, isAlive), self, (group) => this.#node?.replicator.host(group) ?? null, env.onViolation,
    );
    openNode({
      self, clock, random, network: guard.network, telemetry: telemetry.port(self), disk, kv,
      timing: options.timing,
      wal: {
        node: self, clock, random, segmentBytes: options.walSegmentBytes, batchBytesMax: options.walSegmentBytes,
        sealDelayMs: 30,
      },
      tree: options.tree, build: options.build, nodes: initialNodes.map(({ id }) => id), initialNodes,
      expiry: { passMs: EXPIRY_PASS_MS }, streamRetentionMs: options.streamRetentionMs,
      liveness: options.liveness, partitionsPerTable: options.partitionsPerTable, priorLeasesVoid: options.isOneProcess,
      ...(options.clockWindowMs === null ? {} : { clockWindowMs: options.clockWindowMs }),
      onFailed: (failure) => {
        network.attach(self, null);
        env.onFailed(this, failure);
      },
      onApplied: (group, entry) => env.onApplied(this, group, entry),
    }, (opened) => {
      if (!isAlive()) return;
      if (!(opened instanceof StatorNode)) {
        env.onFailed(this, opened);
        return;
      }
      this.#node = opened;
      network.attach(self, (message) => {
        if (message.kind === REQUEST) guard.asked(message);
        opened.receive(message);
      });
      env.onOpened(this, replayedEntries(opened));
    });
  }
}

export function zoneName(zone: number): string {
  return `az${zone}`;
}

function diskName(machine: number, disk: number): string {
  return `machine-${machine}-disk-${disk}`;
}

/** The node that a machine begins as. */
export function initialNode(number: number, zone: number): InitialNode {
  return {
    id: nodeId(number), uuid: diskName(number, 0), zone: zoneName(zone), address: `machine-${number}:7000`,
    capacity: CAPACITY,
  };
}

function replayedEntries(node: StatorNode): boolean {
  for (const host of node.replicator.hosts()) {
    if (host.appliedLsn > node.tree.checkpointLsn(host.group)) return true;
  }
  return false;
}
