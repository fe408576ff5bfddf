// Carries out the plan against a cluster, and undoes everything in the end. Counts what it did.
import type { Prng } from "../../base/prng.ts";
import type { RunOptions } from "../swarm/options.ts";
import { EVENT_NEMESIS, WORLD, type EventLoop } from "../world/event-loop.ts";
import { planNemesis, type NemesisStep } from "./plan.ts";

/** What can be done to a cluster. Zones are numbered from 1. */
export interface Victim {
  readonly zones: number;
  /** Storage node and router of the zone lose power; un-synced bytes are lost. No effect when off. */
  powerOff(zone: number): void;
  /** No effect when on. */
  powerOn(zone: number): void;
  pause(zone: number): void;
  resume(zone: number): void;
  /** Cuts the zone's storage node off from the other nodes, and from all routers if so wanted. */
  isolate(zone: number, withRouters: boolean): void;
  cut(from: number, to: number): void;
  clog(from: number, to: number, untilUs: number): void;
  /** Undoes all cuts and clogs. */
  healLinks(): void;
  setClock(zone: number, wallJumpMs: number, rate: number): void;
  setDiskSlowness(zone: number, factor: number): void;
  /** The next write or sync of the zone's node fails. */
  failDisk(zone: number, code: "EIO" | "ENOSPC"): void;
  setStorm(isOn: boolean): void;
  /** Damages what the zone's tree holds on disk. For good: at most one zone of a run. */
  flipTreeBit(zone: number): void;
  /** Zone of the leader of some group that has one; which group, `index` chooses. */
  leaderZone(index: number): number | null;
  /** The zone's node hands over what it leads, as before an orderly stop. */
  handOver(zone: number): void;
}

export class Nemesis {
  readonly #loop: EventLoop;
  readonly #victim: Victim;
  /** Faults injected, by kind. A power-off counts once per zone that was on. */
  readonly counts: Map<string, number> = new Map();
  #isOver = false;
  onStep: ((step: NemesisStep, number: number) => void) | null = null;

  constructor(loop: EventLoop, victim: Victim) {
    this.#loop = loop;
    this.#victim = victim;
  }

  /** Leaves out the steps with the numbers in `skip`. Returns how many steps the plan has. */
  start(prng: Prng, options: RunOptions, skip: ReadonlySet<number>): number {
    const plan = planNemesis(prng, options);
    plan.forEach(({ atMs, step }, number) => {
      if (!skip.has(number)) this.#after(atMs, () => this.#perform(step, number));
    });
    return plan.length;
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Everything on, connected, at ease. */
  heal(): void {
    const victim = this.#victim;
    this.#isOver = true;
    victim.healLinks();
    victim.setStorm(false);
    for (let zone = 1; zone <= victim.zones; zone++) {
      victim.resume(zone);
      victim.setDiskSlowness(zone, 1);
      victim.powerOn(zone);
    }
  }

  #perform(step: NemesisStep, number: number): void {
    const victim = this.#victim;
    this.onStep?.(step, number);
    this.count(step.kind);
    switch (step.kind) {
      case "power-off":
        for (const zone of step.zones) victim.powerOff(zone);
        step.zones.forEach((zone, i) => this.#after(step.offMs[i] ?? 1, () => victim.powerOn(zone)));
        return;
      case "pause":
        victim.pause(step.zone);
        this.#after(step.forMs, () => victim.resume(step.zone));
        return;
      case "partition":
        victim.isolate(step.zone, step.withRouters);
        this.#after(step.forMs, () => victim.healLinks());
        return;
      case "one-way":
        victim.cut(step.from, step.to);
        this.#after(step.forMs, () => victim.healLinks());
        return;
      case "clog":
        victim.clog(step.from, step.to, this.#loop.nowUs + step.forMs * 1000);
        return;
      case "clock":
        victim.setClock(step.zone, step.wallJumpMs, step.rate);
        return;
      case "slow-disk":
        victim.setDiskSlowness(step.zone, step.factor);
        this.#after(step.forMs, () => victim.setDiskSlowness(step.zone, 1));
        return;
      case "disk-failure":
        victim.failDisk(step.zone, step.code);
        this.#after(step.offMs, () => {
          victim.powerOff(step.zone);
          victim.powerOn(step.zone);
        });
        return;
      case "hand-over":
        victim.handOver(step.zone);
        if (step.thenOffMs === null) return;
        this.#after(step.thenOffMs, () => {
          victim.powerOff(step.zone);
          this.#after(1, () => victim.powerOn(step.zone));
        });
        return;
      case "squeeze":
        this.#squeeze(step);
        return;
      case "flap":
        this.#flap(step, 0);
        return;
      case "damage":
        victim.flipTreeBit(step.zone);
        return;
      case "storm":
        victim.setStorm(true);
        this.#after(step.forMs, () => victim.setStorm(false));
        return;
    }
  }

  #squeeze(step: NemesisStep & { kind: "squeeze" }): void {
    const victim = this.#victim;
    const leader = victim.leaderZone(step.group);
    if (leader === null) return;
    const deaf = 1 + ((leader - 1 + step.turn) % victim.zones);
    const third = 1 + ((leader - 1 + (victim.zones - step.turn)) % victim.zones);
    victim.cut(leader, deaf);
    if (!step.isOneWay) victim.cut(deaf, leader);
    this.#after(step.blinkAfterMs, () => {
      victim.powerOff(third);
      this.#after(1, () => victim.powerOn(third));
    });
    if (step.pauseAfterMs !== null) {
      this.#after(step.pauseAfterMs, () => victim.pause(leader));
      this.#after(step.pauseAfterMs + step.forMs, () => victim.resume(leader));
    }
    this.#after(step.forMs, () => victim.healLinks());
  }

  #flap(step: NemesisStep & { kind: "flap" }, round: number): void {
    const victim = this.#victim;
    const drawn = step.victims[round];
    const isLast = drawn === undefined;
    for (let zone = 1; zone <= victim.zones; zone++) victim.setDiskSlowness(zone, isLast ? 1 : step.slowness);
    if (isLast) return;
    const zone = victim.leaderZone(round) ?? drawn;
    victim.powerOff(zone);
    this.#after(1, () => victim.powerOn(zone));
    this.#after(step.everyMs[round] ?? 1, () => this.#flap(step, round + 1));
  }

  #after(delayMs: number, run: () => void): void {
    this.#loop.schedule(this.#loop.nowUs + delayMs * 1000, EVENT_NEMESIS, WORLD, 0, () => {
      if (!this.#isOver) run();
    });
  }
}
