// A cluster of machines in three zones, as the nemesis, the clients and the checkers see it.
import { must } from "../../base/assert.ts";
import { SYSTEM_GROUP, type GroupId, type NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { Operation, Outcome } from "../../model/operation.ts";
import type { NodeRecord, TableSchema } from "../../model/table-schema.ts";
import type { NodeFailure, StatorNode } from "../../node/stator-node.ts";
import type { AdminWork, NodeMessage } from "../../wire/data-messages.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import type { LeaseHolder } from "../checker/lease-exclusive.ts";
import type { Violation } from "../checker/violation.ts";
import type { Damage, Led, Victim } from "../nemesis/victim.ts";
import { CALM_LINK, STREAM_RETENTION_MS_LONG, type RunOptions } from "../swarm/options.ts";
import type { TableFrontEnd } from "../workload/front-end.ts";
import { TABLE } from "../workload/operations.ts";
import type { EventLoop } from "../world/event-loop.ts";
import { SimNetwork } from "../world/sim-network.ts";
import type { TelemetryRecorder } from "../world/sim-telemetry.ts";
import { catalogueOf } from "./catalogue.ts";
import { canLose } from "./losses.ts";
import { initialNode, Machine } from "./machine.ts";
import { digestOf, isOnce } from "./message-traits.ts";

export type ClusterEnv = {
  readonly seed: number;
  readonly options: RunOptions;
  readonly loop: EventLoop;
  readonly prng: Prng;
  readonly telemetry: TelemetryRecorder;
  readonly onFailed: (machine: Machine, failure: NodeFailure) => void;
  readonly onOpened: (machine: Machine, replayed: boolean) => void;
  readonly onApplied: (machine: Machine, group: GroupId, entry: LogEntry) => void;
  readonly onViolation: (found: Violation) => void;
};

export type Running = { readonly machine: Machine; readonly node: StatorNode };

export class SimCluster implements Victim, TableFrontEnd {
  readonly zones: number;
  readonly machines: readonly Machine[];
  readonly network: SimNetwork<NodeMessage>;
  readonly #env: ClusterEnv;
  /** Every node that there ever was. */
  readonly #byNode: Map<number, Machine> = new Map();
  /** Power-offs of machines that were on. */
  powerOffs = 0;
  onPowerOff: ((machine: Machine) => void) | null = null;
  /** Before a pause, and after it. */
  onPause: ((machine: Machine, isOver: boolean) => void) | null = null;

  /** An operator's request was answered. */
  onAdministered: ((work: AdminWork, outcome: unknown) => void) | null = null;

  constructor(env: ClusterEnv) {
    this.#env = env;
    const { seed, options, loop, prng, telemetry, onFailed, onOpened, onApplied, onViolation } = env;
    this.zones = options.zones;
    this.network = new SimNetwork(loop, prng.split("network"), CALM_LINK, { digest: digestOf, isOnce });
    const count = options.zones * options.machinesPerZone;
    // The first three, which the system group begins on, are of three zones.
    const places = Array.from({ length: count }, (_, i) => ({ number: i + 1, zone: 1 + (i % options.zones) }));
    const initialNodes = places.map(({ number, zone }) => initialNode(number, zone));
    const machineEnv = {
      seed, options, loop, network: this.network, telemetry, initialNodes, prng: prng.split("machines"),
      onFailed, onOpened, onApplied, onViolation,
      contacts: (): readonly NodeId[] => this.#contacts(),
      onIdentity: (machine: Machine): void => {
        this.#byNode.set(machine.nodeId, machine);
      },
    };
    this.machines = places.map(({ number, zone }) => new Machine(machineEnv, number, zone));
  }

  machine(number: number): Machine {
    return must(this.machines[number - 1], "machines count from 1");
  }

  /** The machine that is or was this node. */
  machineOf(node: number): Machine {
    return must(this.#byNode.get(node), "a node is one of a machine");
  }

  /** The machine that is this node now. */
  machineAs(node: number): Machine | null {
    return this.machines.find(({ identity }) => identity === node) ?? null;
  }

  /** Its disk was lost: it will not come back. */
  isLost({ uuid }: NodeRecord): boolean {
    return this.machines.every((machine) => machine.uuid !== uuid);
  }

  get doors(): number {
    return this.machines.length;
  }

  get isOneProcess(): boolean {
    return this.#env.options.isOneProcess;
  }

  /** Records of streams are never too old, by whatever clock. */
  get keepsRecords(): boolean {
    return this.#env.options.streamRetentionMs === STREAM_RETENTION_MS_LONG;
  }

  // ---- For the nemesis.

  machinesOf(zone: number): readonly number[] {
    return this.machines.filter((machine) => machine.zone === zone).map(({ number }) => number);
  }

  powerOn(number: number): void {
    this.machine(number).powerOn();
  }

  powerOff(number: number): void {
    const machine = this.machine(number);
    if (!machine.isOn) return;
    this.powerOffs++;
    this.onPowerOff?.(machine);
    this.#env.loop.drop(machine.nodeId);
    this.#env.loop.drop(machine.routerId);
    machine.powerOff();
  }

  loseDisks(numbers: readonly number[]): boolean {
    if (!canLose(this, numbers.map((number) => this.machine(number)))) return false;
    for (const number of numbers) {
      this.powerOff(number);
      this.machine(number).loseDisk();
    }
    return true;
  }

  pause(number: number): void {
    const machine = this.machine(number);
    this.onPause?.(machine, false);
    this.#env.loop.pause(machine.nodeId);
    this.#env.loop.pause(machine.routerId);
  }

  resume(number: number): void {
    const machine = this.machine(number);
    this.onPause?.(machine, true);
    this.#env.loop.resume(machine.nodeId);
    this.#env.loop.resume(machine.routerId);
  }

  isolate(number: number, withRouters: boolean): void {
    const self = this.machine(number).nodeId;
    for (const machine of this.machines) {
      if (machine.number !== number) this.#cutBoth(self, machine.nodeId);
      if (withRouters) this.#cutBoth(self, machine.routerId);
    }
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

  setClock(number: number, wallJumpMs: number, rate: number): void {
    this.machine(number).setRate(rate);
    this.machine(number).jumpWall(wallJumpMs);
  }

  setDiskSlowness(number: number, factor: number): void {
    this.machine(number).storage.setSlowness(factor);
  }

  failDisk(number: number, code: "EIO" | "ENOSPC"): void {
    this.machine(number).storage.failNext(code);
  }

  damage(number: number, kind: Damage): void {
    // What a machine may lose, it may also find damaged.
    if (canLose(this, [this.machine(number)])) this.machine(number).storage.damage(kind);
  }

  led(index: number): Led | null {
    const holders = this.leaseHolders();
    const holder = holders[index % Math.max(1, holders.length)];
    return holder === undefined ? null : this.#ledBy(holder);
  }

  ledSystem(): Led | null {
    const holder = this.leaseHolders().find(({ group }) => group === SYSTEM_GROUP);
    return holder === undefined ? null : this.#ledBy(holder);
  }

  handOver(number: number): void {
    this.machine(number).node?.replicator.handOverAll();
  }

  administer(command: (tables: readonly TableSchema[], nodes: readonly NodeId[]) => AdminWork | null): void {
    const catalogue = catalogueOf(this);
    const router = this.machines.find((machine) => machine.router?.isReady === true)?.router;
    if (catalogue === null || router === null || router === undefined) return;
    const nodes = this.machines.flatMap(({ identity }) => (identity === null ? [] : [identity]));
    const work = command(catalogue.tables, nodes);
    if (work === null) return;
    router.askControlPlane({ kind: "admin", command: work }, (outcome) => this.onAdministered?.(work, outcome));
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

  targetOf(door: number): number {
    return this.machine(door).routerId;
  }

  table(door: number): TableSchema | null {
    return this.tableNamed(door, TABLE.name);
  }

  isReady(door: number): boolean {
    return this.machine(door).router?.isReady === true;
  }

  tableNamed(door: number, name: string): TableSchema | null {
    const router = this.machine(door).router;
    return router?.isReady === true ? router.lookupTable(name) : null;
  }

  execute(door: number, operation: Operation, done: (outcome: Outcome) => void): void {
    const machine = this.machine(door);
    const { lives } = machine;
    const router = must(machine.router, "only a router that is on is asked");
    router.execute(operation, (outcome) => {
      if (machine.isOn && machine.lives === lives) done(outcome);
    });
  }

  // ---- For the checkers.

  /** Machines whose node runs; all of them, once healed, but for one that refuses its damaged disk. */
  running(): Running[] {
    const running: Running[] = [];
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

  #ledBy({ group, node }: LeaseHolder): Led {
    const leader = this.machineOf(node);
    const members = must(leader.node?.replicator.host(group)).members;
    const others = members.filter((member) => member !== node && this.#byNode.has(member));
    return { group, leader: leader.number, others: others.map((id) => this.machineOf(id).number) };
  }

  #contacts(): readonly NodeId[] {
    return this.machines.flatMap(({ identity }) => (identity === null ? [] : [identity]));
  }

  #cutBoth(a: NodeId, b: NodeId): void {
    this.network.cut(a, b);
    this.network.cut(b, a);
  }
}
