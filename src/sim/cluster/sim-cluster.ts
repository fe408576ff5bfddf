// A cluster of machines, one per zone, as the nemesis, the clients and the checkers see it.
import { must } from "../../base/assert.ts";
import { nodeId, type GroupId, type NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { Operation, Outcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { NodeFailure, StatorNode } from "../../node/stator-node.ts";
import { PAXOS_FRAME, REPLY, REQUEST, type NodeMessage } from "../../wire/data-messages.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import type { LeaseHolder } from "../checker/lease-exclusive.ts";
import type { Victim } from "../nemesis/nemesis.ts";
import { CALM_LINK, type RunOptions } from "../swarm/options.ts";
import type { TableFrontEnd } from "../workload/front-end.ts";
import { TABLE } from "../workload/operations.ts";
import type { EventLoop } from "../world/event-loop.ts";
import { SimNetwork } from "../world/sim-network.ts";
import type { TelemetryRecorder } from "../world/sim-telemetry.ts";
import { Machine } from "./machine.ts";

export type ClusterEnv = {
  readonly seed: number;
  readonly options: RunOptions;
  readonly loop: EventLoop;
  readonly prng: Prng;
  readonly telemetry: TelemetryRecorder;
  readonly onFailed: (machine: Machine, failure: NodeFailure) => void;
  readonly onOpened: (machine: Machine, replayed: boolean) => void;
  readonly onApplied: (machine: Machine, group: GroupId, entry: LogEntry) => void;
};

export class SimCluster implements Victim, TableFrontEnd {
  readonly zones: number;
  readonly machines: readonly Machine[];
  readonly network: SimNetwork<NodeMessage>;
  readonly #env: ClusterEnv;
  readonly #routers: readonly NodeId[];
  /** Zone-level power-offs of machines that were on. */
  powerOffs = 0;
  onPowerOff: ((zone: number) => void) | null = null;
  /** Before a pause, and after it. */
  onPause: ((zone: number, isOver: boolean) => void) | null = null;

  constructor(env: ClusterEnv) {
    this.#env = env;
    const { seed, options, loop, prng, telemetry, onFailed, onOpened, onApplied } = env;
    this.zones = options.zones;
    this.network = new SimNetwork(loop, prng.split("network"), CALM_LINK, { digest: digestOf, isOnce });
    const nodes = Array.from({ length: options.zones }, (_, i) => nodeId(i + 1));
    const clocks = prng.split("machines");
    this.machines = nodes.map((_, i) => new Machine(
      { seed, options, loop, network: this.network, telemetry, nodes, prng: clocks, onFailed, onOpened, onApplied },
      i + 1,
    ));
    this.#routers = this.machines.map((machine) => machine.routerId);
  }

  machine(zone: number): Machine {
    return must(this.machines[zone - 1], "zones count from 1");
  }

  // ---- For the nemesis.

  powerOn(zone: number): void {
    this.machine(zone).powerOn();
  }

  powerOff(zone: number): void {
    const machine = this.machine(zone);
    if (!machine.isOn) return;
    this.powerOffs++;
    this.onPowerOff?.(zone);
    this.#env.loop.drop(machine.nodeId);
    this.#env.loop.drop(machine.routerId);
    machine.powerOff();
  }

  pause(zone: number): void {
    const { nodeId, routerId } = this.machine(zone);
    this.onPause?.(zone, false);
    this.#env.loop.pause(nodeId);
    this.#env.loop.pause(routerId);
  }

  resume(zone: number): void {
    const { nodeId, routerId } = this.machine(zone);
    this.onPause?.(zone, true);
    this.#env.loop.resume(nodeId);
    this.#env.loop.resume(routerId);
  }

  isolate(zone: number, withRouters: boolean): void {
    const self = this.machine(zone).nodeId;
    for (const machine of this.machines) {
      if (machine.zone !== zone) this.#cutBoth(self, machine.nodeId);
    }
    if (withRouters) for (const router of this.#routers) this.#cutBoth(self, router);
  }

  cut(from: number, to: number): void {
    this.network.cut(this.machine(from).nodeId, this.machine(to).nodeId);
  }

  clog(from: number, to: number, untilUs: number): void {
    this.network.clog(this.machine(from).nodeId, this.machine(to).nodeId, untilUs);
  }

  healLinks(): void {
    this.network.heal();
  }

  setClock(zone: number, wallJumpMs: number, rate: number): void {
    this.machine(zone).setRate(rate);
    this.machine(zone).jumpWall(wallJumpMs);
  }

  setDiskSlowness(zone: number, factor: number): void {
    this.machine(zone).storage.setSlowness(factor);
  }

  failDisk(zone: number, code: "EIO" | "ENOSPC"): void {
    this.machine(zone).storage.failNext(code);
  }

  leaderZone(index: number): number | null {
    const holders = this.leaseHolders();
    return holders.length === 0 ? null : (holders[index % holders.length] as LeaseHolder).node;
  }

  handOver(zone: number): void {
    this.machine(zone).node?.replicator.handOverAll();
  }

  flipTreeBit(zone: number): void {
    this.machine(zone).storage.flipTreeBit();
  }

  setStorm(isOn: boolean): void {
    const { link } = this.#env.options;
    this.network.setFaults(isOn ? { ...link, lossPerMille: 200, slowPerMille: 300, slowUsMax: 200_000 } : link);
  }

  /** The network of the run's options, from the beginning of the faults on. */
  setChaosLinks(): void {
    this.network.setFaults(this.#env.options.link);
  }

  setCalmLinks(): void {
    this.network.setFaults(CALM_LINK);
  }

  // ---- For the clients.

  targetOf(zone: number): number {
    return this.machine(zone).routerId;
  }

  table(zone: number): TableSchema | null {
    return this.tableNamed(zone, TABLE.name);
  }

  isReady(zone: number): boolean {
    return this.machine(zone).router?.isReady === true;
  }

  tableNamed(zone: number, name: string): TableSchema | null {
    const router = this.machine(zone).router;
    return router?.isReady === true ? router.lookupTable(name) : null;
  }

  execute(zone: number, operation: Operation, done: (outcome: Outcome) => void): void {
    const machine = this.machine(zone);
    const { lives } = machine;
    const router = must(machine.router, "only a router that is on is asked");
    router.execute(operation, (outcome) => {
      if (machine.isOn && machine.lives === lives) done(outcome);
    });
  }

  // ---- For the checkers.

  /** Machines whose node runs; all of them, once healed, but for one that refuses its damaged tree. */
  running(): { readonly machine: Machine; readonly node: StatorNode }[] {
    const running: { readonly machine: Machine; readonly node: StatorNode }[] = [];
    for (const machine of this.machines) {
      const { node } = machine;
      if (node !== null) running.push({ machine, node });
    }
    return running;
  }

  leaseHolders(): LeaseHolder[] {
    const holders: LeaseHolder[] = [];
    for (const machine of this.machines) {
      const { node } = machine;
      if (node === null) continue;
      const now = machine.monotonicMs;
      for (const host of node.replicator.hosts()) {
        if (host.core.isLeaseLive(now)) holders.push({ group: host.group, node: machine.nodeId, ballot: host.ballot });
      }
    }
    return holders;
  }

  #cutBoth(a: NodeId, b: NodeId): void {
    this.network.cut(a, b);
    this.network.cut(b, a);
  }
}

/** Between routers and nodes there are connections: what an operation asks for is asked for at most once. */
function isOnce(message: NodeMessage): boolean {
  return message.kind === REQUEST || message.kind === REPLY;
}

/** A few numbers that tell one message from another. */
function digestOf(message: NodeMessage): number {
  switch (message.kind) {
    case PAXOS_FRAME: {
      let digest = message.messages.length;
      for (const m of message.messages) {
        digest = Math.imul(digest ^ m.kind ^ (m.group << 4), 0x01000193);
        digest ^= m.lsn ^ Math.imul(m.ballot | 0, 31) ^ m.commit;
      }
      return digest | 0;
    }
    case REQUEST:
    case REPLY:
      return (message.kind * 0x1000000) ^ message.id ^ (message.from << 16);
    default:
      return message.kind;
  }
}
