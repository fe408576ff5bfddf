// What is done to the cluster, and when: a list made beforehand from the seed, so that it does not depend on
// what the cluster does.
import type { Prng } from "../../base/prng.ts";
import type { Damage } from "./victim.ts";
import { FAULTS, type FaultKind, type RunOptions } from "../swarm/options.ts";

/** What an operator asks for; `pick` chooses among what there is then. */
export type AdminStep = "split" | "move" | "drain" | "undrain" | "transfer";

/** What happens a moment after a step, to hit it half done. */
export type Aftermath = "nothing" | "leader-off" | "control-plane-off" | "leader-cut-off" | "leader-loses-disk";

export type NemesisStep =
  /** Each of the machines loses power at once and gets it back after its own time. */
  | { readonly kind: "power-off"; readonly machines: readonly number[]; readonly offMs: readonly number[] }
  /** The disks are lost with all that was on them; later the machines come back, empty. */
  | { readonly kind: "lose-disk"; readonly machines: readonly number[]; readonly offMs: number }
  /** Whoever leads the system group loses power, again and again. */
  | { readonly kind: "control-plane"; readonly rounds: number; readonly everyMs: number; readonly offMs: number }
  | {
    readonly kind: "admin"; readonly command: AdminStep; readonly pick: number; readonly aftermath: Aftermath;
    readonly aftermathMs: number; readonly offMs: number;
  }
  | { readonly kind: "pause"; readonly machine: number; readonly forMs: number }
  /** The machine's storage node hears and reaches no other node. */
  | { readonly kind: "partition"; readonly machine: number; readonly withRouters: boolean; readonly forMs: number }
  | { readonly kind: "one-way"; readonly from: number; readonly to: number; readonly forMs: number }
  | { readonly kind: "clog"; readonly from: number; readonly to: number; readonly forMs: number }
  | { readonly kind: "clock"; readonly machine: number; readonly wallJumpMs: number; readonly rate: number }
  | { readonly kind: "slow-disk"; readonly machine: number; readonly forMs: number; readonly factor: number }
  | {
    readonly kind: "disk-failure"; readonly machine: number; readonly code: "EIO" | "ENOSPC"; readonly offMs: number;
  }
  /** The machine hands over its leaderships; null: and stays on. */
  | { readonly kind: "hand-over"; readonly machine: number; readonly thenOffMs: number | null }
  /**
   * Against the lease: one follower stops hearing the leader, and later, while the leader may still believe in
   * its lease, the other follower restarts, having forgotten what it had promised only in memory.
   */
  | {
    readonly kind: "squeeze"; readonly group: number; readonly turn: 0 | 1; readonly isOneWay: boolean;
    readonly blinkAfterMs: number; readonly pauseAfterMs: number | null; readonly forMs: number;
  }
  /**
   * Against elections: again and again whoever leads (or else the drawn machine) blinks, while slow disks stretch
   * the time in which promises and entries are sent but not durable.
   */
  | {
    readonly kind: "flap"; readonly victims: readonly number[]; readonly everyMs: readonly number[];
    readonly slowness: number;
  }
  | { readonly kind: "damage"; readonly machine: number; readonly what: Damage }
  /** Heavy loss and delay on all links. */
  | { readonly kind: "storm"; readonly forMs: number };

export type PlannedStep = { readonly atMs: number; readonly step: NemesisStep };

export function planNemesis(prng: Prng, options: RunOptions): PlannedStep[] {
  const planned: PlannedStep[] = [];
  const bag: FaultKind[] = [];
  for (const kind of FAULTS) for (let i = 0; i < options.faults[kind]; i++) bag.push(kind);
  let atMs = prng.between(1, options.faultEveryMs);
  while (atMs < options.chaosMs) {
    planned.push({ atMs, step: drawStep(prng, prng.pick(bag), options) });
    atMs += prng.between(1, options.faultEveryMs * 2);
  }
  return planned;
}

function drawStep(prng: Prng, kind: FaultKind, options: RunOptions): NemesisStep {
  const { zones, machinesPerZone, offMsMax, timing } = options;
  const count = zones * machinesPerZone;
  const machine = prng.between(1, count);
  // About the lease: shorter, as long, longer.
  const forMs = prng.between(5, timing.leaseMs * 3);
  switch (kind) {
    case "power-off":
      return drawPowerOff(prng, options);
    case "lose-disk": {
      const machines = prng.chance(1, 4) ? machinesIn([machine], zones, machinesPerZone) : [machine];
      return { kind, machines, offMs: prng.between(1, offMsMax) };
    }
    case "control-plane":
      return {
        kind, rounds: prng.between(1, 4), everyMs: prng.between(10, timing.leaseMs * 4),
        offMs: prng.between(1, offMsMax),
      };
    case "admin":
      return drawAdmin(prng, options);
    case "pause":
      return { kind, machine, forMs };
    case "partition":
      return { kind, machine, withRouters: prng.chance(1, 2), forMs };
    case "one-way":
    case "clog":
      return { kind, from: machine, to: 1 + ((machine - 1 + prng.between(1, count - 1)) % count), forMs };
    case "clock": {
      const wallJumpMs = prng.between(0, 20_000) - 10_000;
      const spread = Math.floor(options.clockRateSpread * 10_000);
      return { kind, machine, wallJumpMs, rate: 1 + (prng.between(0, spread * 2) - spread) / 10_000 };
    }
    case "slow-disk":
      return { kind, machine, forMs, factor: prng.pick([5, 20, 100]) };
    case "disk-failure":
      return { kind, machine, code: prng.pick(["EIO", "ENOSPC"] as const), offMs: prng.between(1, offMsMax) };
    case "hand-over":
      return { kind, machine, thenOffMs: !options.isOneProcess && prng.chance(1, 2) ? prng.below(20) : null };
    case "squeeze":
      return {
        kind, group: prng.below(8), turn: prng.chance(1, 2) ? 0 : 1, isOneWay: prng.chance(1, 2),
        blinkAfterMs: prng.between(1, timing.leaseMs * 2),
        pauseAfterMs: prng.chance(1, 3) ? prng.between(1, timing.leaseMs * 2) : null,
        forMs: prng.between(timing.leaseMs, timing.leaseMs * 3),
      };
    case "flap": {
      const rounds = prng.between(3, 12);
      return {
        kind, slowness: prng.pick([1, 5, 20]),
        victims: Array.from({ length: rounds }, () => prng.between(1, count)),
        everyMs: Array.from({ length: rounds }, () => prng.between(1, prng.chance(1, 2) ? 20 : timing.leaseMs * 2)),
      };
    }
    case "damage":
      return { kind, machine: options.damagedMachine, what: prng.pick<Damage>(["tree", "tree", "log", "misdirect"]) };
    case "storm":
      return { kind, forMs };
  }
}

function drawPowerOff(prng: Prng, { zones, machinesPerZone, offMsMax, isOneProcess }: RunOptions): NemesisStep {
  const count = zones * machinesPerZone;
  if (isOneProcess) {
    const offMs = prng.between(1, offMsMax);
    const all = Array.from({ length: count }, (_, i) => i + 1);
    return { kind: "power-off", machines: all, offMs: all.map(() => offMs) };
  }
  // Whole zones, or machines here and there.
  const machines = machinesPerZone === 1 || prng.chance(1, 2)
    ? machinesIn(drawSubset(prng, zones), zones, machinesPerZone) : drawSubset(prng, count);
  // A short blink, in which nobody notices, is as interesting as a long absence.
  return {
    kind: "power-off", machines, offMs: machines.map(() => (prng.chance(1, 3) ? 1 : prng.between(1, offMsMax))),
  };
}

function drawAdmin(prng: Prng, { offMsMax, isOneProcess, timing }: RunOptions): NemesisStep {
  const command = prng.pick<AdminStep>(["split", "split", "move", "move", "drain", "undrain", "transfer"]);
  const aftermath = prng.pick<Aftermath>(
    ["nothing", "nothing", "leader-off", "leader-off", "control-plane-off", "leader-cut-off", "leader-loses-disk"],
  );
  return {
    kind: "admin", command, pick: prng.u32(), aftermath: isOneProcess ? "nothing" : aftermath,
    aftermathMs: prng.between(0, prng.chance(1, 2) ? 10 : timing.leaseMs * 2), offMs: prng.between(1, offMsMax),
  };
}

/** All machines of the zones of which `zones` names one machine each: machine m is in zone 1 + (m - 1) % zoneCount. */
function machinesIn(zones: readonly number[], zoneCount: number, machinesPerZone: number): number[] {
  const machines: number[] = [];
  for (let row = 0; row < machinesPerZone; row++) {
    for (const zone of zones) machines.push(1 + ((zone - 1) % zoneCount) + row * zoneCount);
  }
  return machines;
}

/** Any subset but the empty one, all equally likely. */
function drawSubset(prng: Prng, count: number): number[] {
  const mask = prng.between(1, 2 ** count - 1);
  const subset: number[] = [];
  for (let i = 1; i <= count; i++) if ((mask >> (i - 1)) & 1) subset.push(i);
  return subset;
}
