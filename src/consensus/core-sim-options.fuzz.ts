// What each simulated history draws from its seed: timings, faults and limits, so that rare combinations come up.
import type { Prng } from "../base/prng.ts";
import type { GroupLimits } from "./limits.ts";
import type { GroupTiming } from "./ready.ts";

const TIMING: GroupTiming = {
  leaseMs: 300, leaseDriftMs: 30, heartbeatMs: 60, electionJitterMs: 80, resendMs: 70,
};
/** Many elections in little time. */
const SHORT_TIMING: GroupTiming = {
  leaseMs: 60, leaseDriftMs: 6, heartbeatMs: 12, electionJitterMs: 15, resendMs: 15,
};
export type Faults = {
  /** Longest time between two faults. */
  everyMs: number;
  lossPercent: number;
  doublePercent: number;
  delayMs: number;
  crashes: boolean;
  partitions: boolean;
  isHarassed: boolean;
  /** The group is closed by a split some time. */
  splits: boolean;
};

export type CoreSimOptions = {
  readonly timing: GroupTiming;
  readonly faults: Faults;
  readonly limits: GroupLimits;
};

export function drawOptions(prng: Prng): CoreSimOptions {
  const isHarassed = prng.chance(1, 3);
  const isShort = isHarassed || prng.chance(1, 3);
  const faults: Faults = {
    everyMs: isHarassed ? 400 : isShort ? 40 : 150,
    lossPercent: isHarassed ? 0 : prng.pick([0, 1, 5, 20]), doublePercent: prng.pick([0, 5, 20]),
    delayMs: isHarassed ? 6 : prng.pick(isShort ? [1, 3] : [1, 5, 40]), crashes: prng.chance(3, 4),
    partitions: prng.chance(3, 4), isHarassed, splits: prng.chance(1, 6),
  };
  const isTight = prng.chance(1, 2);
  const isStopAndWait = isHarassed || prng.chance(1, 5);
  const limits: GroupLimits = {
    tailBytesMax: isTight ? 600 : 100_000, inFlightEntriesMax: isTight ? 12 : 200, inFlightBytesMax: 100_000,
    messageBytesMax: isStopAndWait ? 64 : isTight ? prng.pick([200, 300, 500]) : 10_000,
    peerInFlightBytesMax: isStopAndWait ? 64 : isTight ? 800 : 40_000,
    committedPerReadyMax: isTight ? 3 : 1024,
  };
  return { timing: isShort ? SHORT_TIMING : TIMING, faults, limits };
}
