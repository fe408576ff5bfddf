// What is done to the cluster, and when: a list made beforehand from the seed, so that it does not depend on
// what the cluster does.
import type { Prng } from "../../base/prng.ts";
import { FAULTS, type FaultKind, type RunOptions } from "../swarm/options.ts";

export type NemesisStep =
  /** Each zone of `zones` loses power at once and gets it back after its own time. */
  | { readonly kind: "power-off"; readonly zones: readonly number[]; readonly offMs: readonly number[] }
  | { readonly kind: "pause"; readonly zone: number; readonly forMs: number }
  /** The zone's storage node hears and reaches no other node. */
  | { readonly kind: "partition"; readonly zone: number; readonly withRouters: boolean; readonly forMs: number }
  | { readonly kind: "one-way"; readonly from: number; readonly to: number; readonly forMs: number }
  | { readonly kind: "clog"; readonly from: number; readonly to: number; readonly forMs: number }
  | { readonly kind: "clock"; readonly zone: number; readonly wallJumpMs: number; readonly rate: number }
  | { readonly kind: "slow-disk"; readonly zone: number; readonly forMs: number; readonly factor: number }
  | { readonly kind: "disk-failure"; readonly zone: number; readonly code: "EIO" | "ENOSPC"; readonly offMs: number }
  /** The zone hands over its leaderships; null: and stays on. */
  | { readonly kind: "hand-over"; readonly zone: number; readonly thenOffMs: number | null }
  /**
   * Against the lease: one follower stops hearing the leader, and later, while the leader may still believe in
   * its lease, the other follower restarts, having forgotten what it had promised only in memory.
   */
  | {
    readonly kind: "squeeze"; readonly group: number; readonly turn: 1 | 2; readonly isOneWay: boolean;
    readonly blinkAfterMs: number; readonly pauseAfterMs: number | null; readonly forMs: number;
  }
  /**
   * Against elections: again and again whoever leads (or else the drawn zone) blinks, while slow disks stretch
   * the time in which promises and entries are sent but not durable.
   */
  | {
    readonly kind: "flap"; readonly victims: readonly number[]; readonly everyMs: readonly number[];
    readonly slowness: number;
  }
  | { readonly kind: "damage"; readonly zone: number }
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
  const { zones, offMsMax, timing } = options;
  const zone = prng.between(1, zones);
  // About the lease: shorter, as long, longer.
  const forMs = prng.between(5, timing.leaseMs * 3);
  switch (kind) {
    case "power-off": {
      const off = drawSubset(prng, zones);
      if (options.isOneProcess) {
        const offMs = prng.between(1, offMsMax);
        const all = Array.from({ length: zones }, (_, i) => i + 1);
        return { kind, zones: all, offMs: all.map(() => offMs) };
      }
      // A short blink, in which nobody notices, is as interesting as a long absence.
      return { kind, zones: off, offMs: off.map(() => (prng.chance(1, 3) ? 1 : prng.between(1, offMsMax))) };
    }
    case "pause":
      return { kind, zone, forMs };
    case "partition":
      return { kind, zone, withRouters: prng.chance(1, 2), forMs };
    case "one-way":
    case "clog":
      return { kind, from: zone, to: 1 + ((zone - 1 + prng.between(1, zones - 1)) % zones), forMs };
    case "clock": {
      const wallJumpMs = prng.between(0, 20_000) - 10_000;
      const spread = Math.floor(options.clockRateSpread * 10_000);
      return { kind, zone, wallJumpMs, rate: 1 + (prng.between(0, spread * 2) - spread) / 10_000 };
    }
    case "slow-disk":
      return { kind, zone, forMs, factor: prng.pick([5, 20, 100]) };
    case "disk-failure":
      return { kind, zone, code: prng.pick(["EIO", "ENOSPC"] as const), offMs: prng.between(1, offMsMax) };
    case "hand-over":
      return { kind, zone, thenOffMs: !options.isOneProcess && prng.chance(1, 2) ? prng.below(20) : null };
    case "squeeze":
      return {
        kind, group: prng.below(8), turn: prng.chance(1, 2) ? 1 : 2, isOneWay: prng.chance(1, 2),
        blinkAfterMs: prng.between(1, timing.leaseMs * 2),
        pauseAfterMs: prng.chance(1, 3) ? prng.between(1, timing.leaseMs * 2) : null,
        forMs: prng.between(timing.leaseMs, timing.leaseMs * 3),
      };
    case "flap": {
      const rounds = prng.between(3, 12);
      return {
        kind, slowness: prng.pick([1, 5, 20]),
        victims: Array.from({ length: rounds }, () => prng.between(1, zones)),
        everyMs: Array.from({ length: rounds }, () => prng.between(1, prng.chance(1, 2) ? 20 : timing.leaseMs * 2)),
      };
    }
    case "damage":
      return { kind, zone: options.damagedZone };
    case "storm":
      return { kind, forMs };
  }
}

/** Any subset but the empty one, all equally likely. */
function drawSubset(prng: Prng, zones: number): number[] {
  const mask = prng.between(1, 2 ** zones - 1);
  const subset: number[] = [];
  for (let zone = 1; zone <= zones; zone++) if ((mask >> (zone - 1)) & 1) subset.push(zone);
  return subset;
}
