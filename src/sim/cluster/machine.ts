// The machine of one zone: a storage node and a router that share its power, its clock and its pauses, and a
// disk that outlives them. Everything that runs on it is the production code.
import { assert } from "../../base/assert.ts";
import { nodeId, type GroupId, type NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import { openNode, StatorNode, type NodeFailure } from "../../node/stator-node.ts";
import { Router } from "../../roles/router/role.ts";
import type { NodeMessage } from "../../wire/data-messages.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import type { RunOptions } from "../swarm/options.ts";
import type { EventLoop } from "../world/event-loop.ts";
import { SimClock } from "../world/sim-clock.ts";
import type { SimNetwork } from "../world/sim-network.ts";
import { nodeRandom } from "../world/sim-random.ts";
import type { TelemetryRecorder } from "../world/sim-telemetry.ts";
import { MachineStorage } from "./machine-storage.ts";

/** Routers are numbered from here: no storage node has such an id. */
const ROUTER_BASE = 1000;

export type MachineEnv = {
  readonly seed: number;
  readonly options: RunOptions;
  readonly loop: EventLoop;
  readonly network: SimNetwork<NodeMessage>;
  readonly telemetry: TelemetryRecorder;
  readonly nodes: readonly NodeId[];
  /** Draws clocks and storage faults. */
  readonly prng: Prng;
  /** The node could not start, or stopped by itself. */
  readonly onFailed: (machine: Machine, failure: NodeFailure) => void;
  /** The node recovered and takes part; `replayed`: its log held more than its tree. */
  readonly onOpened: (machine: Machine, replayed: boolean) => void;
  readonly onApplied: (machine: Machine, group: GroupId, entry: LogEntry) => void;
};

export class Machine {
  readonly zone: number;
  readonly nodeId: NodeId;
  readonly routerId: NodeId;
  readonly storage: MachineStorage;
  readonly #env: MachineEnv;
  #life = 0;
  #isOn = false;
  #node: StatorNode | null = null;
  #router: Router | null = null;
  #clocks: readonly SimClock[] = [];
  #rate = 1;

  constructor(env: MachineEnv, zone: number) {
    this.#env = env;
    this.zone = zone;
    this.nodeId = nodeId(zone);
    this.routerId = nodeId(ROUTER_BASE + zone);
    this.storage = new MachineStorage(env.loop, this.nodeId, env.prng.split(`storage ${zone}`), env.options);
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
    const { loop, network, options, prng, nodes, seed } = this.#env;
    const life = ++this.#life;
    this.#isOn = true;
    const isAlive = (): boolean => this.#isOn && this.#life === life;
    const fault = {
      startMs: prng.below(1_000_000), rate: this.#rate,
      wallOffsetMs: options.wallOffsetMsMax === 0 ? 0 : prng.below(options.wallOffsetMsMax),
    };
    const nodeClock = new SimClock(loop, this.nodeId, fault);
    const routerClock = new SimClock(loop, this.routerId, fault);
    this.#clocks = [nodeClock, routerClock];
    this.#startNode(nodeClock, life, isAlive);
    const router = new Router({
      self: this.routerId, clock: routerClock, random: nodeRandom(seed, this.routerId, life),
      network: network.port(this.routerId, isAlive), metadataNodes: nodes,
      nearNode: options.load.readsNear ? this.nodeId : null,
    });
    this.#router = router;
    network.attach(this.routerId, (message) => router.onMessage(message));
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
    this.storage.powerOff();
  }

  /** Of all clocks of the machine, in this life and the next ones. */
  setRate(rate: number): void {
    this.#rate = rate;
    if (this.#isOn) for (const clock of this.#clocks) clock.setRate(rate);
  }

  jumpWall(byMs: number): void {
    if (this.#isOn) for (const clock of this.#clocks) clock.jumpWall(byMs);
  }

  #startNode(clock: SimClock, life: number, isAlive: () => boolean): void {
    const env = this.#env;
    const { options, network, telemetry, nodes, seed } = env;
    const self = this.nodeId;
    const random = nodeRandom(seed, self, life);
    const { disk, kv } = this.storage.powerOn(clock);
    openNode({
      self, clock, random, network: network.port(self, isAlive), telemetry: telemetry.port(self), disk, kv,
      timing: options.timing,
      wal: {
        node: self, clock, random, segmentBytes: options.walSegmentBytes, batchBytesMax: options.walSegmentBytes,
        sealDelayMs: 30,
      },
      tree: options.tree,
      nodes, partitionsPerTable: options.partitionsPerTable, priorLeasesVoid: options.isOneProcess,
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
      network.attach(self, (message) => opened.receive(message));
      env.onOpened(this, replayedEntries(opened));
    });
  }
}

function replayedEntries(node: StatorNode): boolean {
  for (const host of node.replicator.hosts()) {
    if (host.appliedLsn > node.tree.checkpointLsn(host.group)) return true;
  }
  return false;
}
