// Carries out the plan against a cluster, and undoes everything in the end. Counts what it did.
import type { Prng } from "../../base/prng.ts";
import type { RunOptions } from "../swarm/options.ts";
import { EVENT_NEMESIS, WORLD, type EventLoop } from "../world/event-loop.ts";
import { adminCommand } from "./admin-command.ts";
import { planNemesis, type NemesisStep } from "./plan.ts";
import type { Victim } from "./victim.ts";

type StepOf<Kind extends NemesisStep["kind"]> = NemesisStep & { readonly kind: Kind };

export class Nemesis {
  readonly #loop: EventLoop;
  readonly #victim: Victim;
  /** Faults injected, by kind. */
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
    for (let machine = 1; machine <= victim.machines.length; machine++) {
      victim.resume(machine);
      victim.setDiskSlowness(machine, 1);
      victim.powerOn(machine);
    }
  }

  #perform(step: NemesisStep, number: number): void {
    const victim = this.#victim;
    this.onStep?.(step, number);
    this.count(step.kind);
    switch (step.kind) {
      case "power-off":
        for (const machine of step.machines) victim.powerOff(machine);
        step.machines.forEach((machine, i) => this.#after(step.offMs[i] ?? 1, () => victim.powerOn(machine)));
        return;
      case "lose-disk":
        this.#loseDisks(step.machines, step.offMs);
        return;
      case "control-plane":
        this.#behead(step, 0);
        return;
      case "admin":
        this.#administer(step);
        return;
      case "pause":
        victim.pause(step.machine);
        this.#after(step.forMs, () => victim.resume(step.machine));
        return;
      case "partition":
        victim.isolate(step.machine, step.withRouters);
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
        victim.setClock(step.machine, step.wallJumpMs, step.rate);
        return;
      case "slow-disk":
        victim.setDiskSlowness(step.machine, step.factor);
        this.#after(step.forMs, () => victim.setDiskSlowness(step.machine, 1));
        return;
      case "disk-failure":
        victim.failDisk(step.machine, step.code);
        this.#after(step.offMs, () => this.#blink(step.machine, 0));
        return;
      case "hand-over":
        victim.handOver(step.machine);
        if (step.thenOffMs !== null) this.#after(step.thenOffMs, () => this.#blink(step.machine, 1));
        return;
      case "squeeze":
        this.#squeeze(step);
        return;
      case "flap":
        this.#flap(step, 0);
        return;
      case "damage":
        victim.damage(step.machine, step.what);
        return;
      case "storm":
        victim.setStorm(true);
        this.#after(step.forMs, () => victim.setStorm(false));
        return;
    }
  }

  #loseDisks(machines: readonly number[], offMs: number): void {
    const victim = this.#victim;
    if (!victim.loseDisks(machines)) return;
    this.count("disks lost");
    for (const machine of machines) this.#after(offMs, () => victim.powerOn(machine));
  }

  #behead(step: StepOf<"control-plane">, round: number): void {
    if (round === step.rounds) return;
    const led = this.#victim.ledSystem();
    if (led !== null) this.#blink(led.leader, step.offMs);
    this.#after(step.everyMs, () => this.#behead(step, round + 1));
  }

  #administer(step: StepOf<"admin">): void {
    const victim = this.#victim;
    let leader: number | null = null;
    victim.administer((tables, nodes) => {
      const found = adminCommand(step.command, step.pick, tables, nodes);
      if (found === null) return null;
      this.count(step.command);
      const { machines } = victim;
      // Leaders are looked up now: afterwards the group may be another one.
      for (let i = 0; i < machines.length * 4 && found.group !== null && leader === null; i++) {
        const led = victim.led(i);
        if (led?.group === found.group) leader = led.leader;
      }
      return found.work;
    });
    this.#after(step.aftermathMs, () => {
      const target = step.aftermath === "control-plane-off" ? victim.ledSystem()?.leader ?? null : leader;
      if (target === null || step.aftermath === "nothing") return;
      if (step.aftermath === "leader-loses-disk") this.#loseDisks([target], step.offMs);
      else if (step.aftermath === "leader-cut-off") {
        victim.isolate(target, false);
        this.#after(step.offMs, () => victim.healLinks());
      } else this.#blink(target, step.offMs);
    });
  }

  #squeeze(step: StepOf<"squeeze">): void {
    const victim = this.#victim;
    const led = victim.led(step.group);
    const deaf = led?.others[step.turn];
    const third = led?.others[1 - step.turn];
    if (led === null || deaf === undefined || third === undefined) return;
    const { leader } = led;
    victim.cut(leader, deaf);
    if (!step.isOneWay) victim.cut(deaf, leader);
    this.#after(step.blinkAfterMs, () => this.#blink(third, 1));
    if (step.pauseAfterMs !== null) {
      this.#after(step.pauseAfterMs, () => victim.pause(leader));
      this.#after(step.pauseAfterMs + step.forMs, () => victim.resume(leader));
    }
    this.#after(step.forMs, () => victim.healLinks());
  }

  #flap(step: StepOf<"flap">, round: number): void {
    const victim = this.#victim;
    const drawn = step.victims[round];
    const isLast = drawn === undefined;
    for (let machine = 1; machine <= victim.machines.length; machine++) {
      victim.setDiskSlowness(machine, isLast ? 1 : step.slowness);
    }
    if (isLast) return;
    this.#blink(victim.led(round)?.leader ?? drawn, 1);
    this.#after(step.everyMs[round] ?? 1, () => this.#flap(step, round + 1));
  }

  /** Power off, and on again; `offMs` 0: at once. */
  #blink(machine: number, offMs: number): void {
    const victim = this.#victim;
    victim.powerOff(machine);
    if (offMs === 0) victim.powerOn(machine);
    else this.#after(offMs, () => victim.powerOn(machine));
  }

  #after(delayMs: number, run: () => void): void {
    this.#loop.schedule(this.#loop.nowUs + delayMs * 1000, EVENT_NEMESIS, WORLD, 0, () => {
      if (!this.#isOver) run();
    });
  }
}
