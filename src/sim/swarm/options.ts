// What one run is made of, all drawn from its seed: timings, limits, the mix of faults and the load. Runs
// differ in their options as much as in their events: a bug that needs a tiny log segment or a lease shorter
// than a disk's hiccup meets its conditions sooner or later.
import { Prng } from "../../base/prng.ts";
import type { GroupTiming } from "../../consensus/ready.ts";
import { METADATA_TIMING_DEFAULT, type MetadataTiming } from "../../roles/metadata/liveness.ts";
import type { BuildLimits } from "../../replication/tree-build.ts";
import type { TreeOptions } from "../../storage/tree/tree-options.ts";
import type { SimDiskOptions } from "../world/sim-disk.ts";
import type { SimKvOptions } from "../world/sim-kv.ts";
import type { LinkFaults } from "../world/sim-network.ts";

export const FAULTS = [
  "power-off", "pause", "partition", "one-way", "clog", "clock", "slow-disk", "disk-failure", "storm", "hand-over",
  "squeeze", "flap", "damage", "lose-disk", "control-plane", "admin",
] as const;
const ZONES = 3;

export type FaultKind = (typeof FAULTS)[number];

export type RunOptions = {
  readonly zones: number;
  readonly machinesPerZone: number;
  readonly partitionsPerTable: number;
  readonly timing: GroupTiming;
  /** When the control plane takes a silent node for lost. */
  readonly liveness: MetadataTiming;
  readonly link: LinkFaults;
  /** A node's clock runs between 1 - this and 1 + this: within what the lease allows for. */
  readonly clockRateSpread: number;
  /** One machine's clocks run at a rate beyond that, from before the faults on. Null: none does. */
  readonly wrongClock: { readonly machine: number; readonly rate: number } | null;
  /** Over which the guard of the clocks compares; null: as in production. */
  readonly clockWindowMs: number | null;
  readonly wallOffsetMsMax: number;
  readonly disk: SimDiskOptions;
  readonly kv: SimKvOptions;
  readonly tree: TreeOptions;
  readonly build: BuildLimits;
  readonly walSegmentBytes: number;
  readonly load: LoadOptions;
  /** How long faults are injected. */
  /** How long records of streams are kept. */
  readonly streamRetentionMs: number;
  readonly chaosMs: number;
  /** Mean time between two faults. */
  readonly faultEveryMs: number;
  /** Relative weights of the kinds of fault; 0: not in this run. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** The one machine whose disk may be damaged, so that the other copies are whole. */
  readonly damagedMachine: number;
  /**
   * All zones in one process: they lose power only together, so that no lease of before a start can be alive, and
   * the nodes are told so.
   */
  readonly isOneProcess: boolean;
  /** After healing, the zone of that machine stays off for a while, and the others must serve. */
  readonly isZoneLeftOut: boolean;
  /** Calls are counted for so long before the faults and after healing; 0: not in this run. */
  readonly goodputMs: number;
  /** How long a node stays off, at most. */
  readonly offMsMax: number;
};

export type LoadOptions = {
  readonly clients: number;
  /** Time between an answer and the next call, up to this. */
  readonly thinkUsMax: number;
  readonly partitionKeys: number;
  readonly timeoutMs: number;
  readonly valueBytesMax: number;
  /** Eventual reads go to the replica in the client's zone. */
  readonly readsNear: boolean;
  /** A client makes and deletes tables meanwhile. */
  readonly hasTableClient: boolean;
  /** Tables have global indexes, and such are added and removed meanwhile. */
  readonly hasGlobalIndexes: boolean;
  /** Tables have streams, and such are switched off and on meanwhile. */
  readonly hasStreams: boolean;
  /** Clients make transactions, too. */
  readonly hasTransactions: boolean;
};

/** Wall clocks may differ by a day: records are not too old by any of them. */
export const STREAM_RETENTION_MS_LONG: number = 30 * 86_400_000;

/** `seed` alone decides. */
export function drawOptions(seed: number): RunOptions {
  const prng = new Prng(seed).split("options");
  const timing = drawTiming(prng);
  const isOneProcess = prng.chance(1, 6);
  const machinesPerZone = prng.pick([1, 1, 1, 2, 2, 3]);
  const tree = drawTree(prng);
  const transactions = prng.split("transactions");
  const hasTransactions = transactions.chance(1, 3);
  const valueBytesMax = prng.pick([0, 40, 400, 4000]);
  const streams = prng.split("streams");
  const drawn: RunOptions = {
    zones: ZONES,
    machinesPerZone,
    liveness: drawLiveness(prng, timing),
    partitionsPerTable: Math.max(prng.pick([1, 1, 1, 2, 3]), hasTransactions ? transactions.pick([1, 2, 3]) : 1),
    timing,
    link: drawLink(prng),
    // Two clocks may drift apart by twice this; the lease allows for leaseDriftMs over leaseMs.
    clockRateSpread: prng.chance(1, 4) ? 0 : (timing.leaseDriftMs / timing.leaseMs) * 0.45,
    wrongClock: null,
    clockWindowMs: null,
    wallOffsetMsMax: prng.pick([0, 500, 86_400_000]),
    disk: drawDisk(prng),
    kv: drawKv(prng),
    // A segment holds what all clients may have in one batch: five of them, five items each.
    walSegmentBytes: (valueBytesMax > 400 ? prng.pick([256, 512]) : prng.pick([32, 64, 256])) * 1024,
    tree,
    build: drawBuild(prng, tree),
    load: {
      clients: prng.between(2, 5),
      thinkUsMax: prng.pick([2_000, 20_000, 60_000]),
      partitionKeys: prng.between(1, 4),
      timeoutMs: prng.pick([300, 600, 1000]),
      valueBytesMax,
      readsNear: prng.chance(1, 2),
      hasTableClient: prng.chance(1, 3),
      hasGlobalIndexes: prng.split("indexes").chance(1, 3),
      hasStreams: streams.chance(1, 3),
      hasTransactions,
    },
    streamRetentionMs: streams.chance(1, 4) ? 300 : STREAM_RETENTION_MS_LONG,
    chaosMs: prng.pick([600, 1200, 1200, 2500]),
    faultEveryMs: prng.pick([120, 250, 500]),
    faults: isOneProcess ? { ...drawFaults(prng), ...SINGLE_RESTARTS } : drawFaults(prng),
    damagedMachine: prng.between(1, ZONES * machinesPerZone),
    isOneProcess,
    isZoneLeftOut: !isOneProcess && prng.chance(1, 4),
    goodputMs: 0,
    offMsMax: prng.pick([60, 300, 900]),
  };
  return { ...drawn, tree: fitting(drawn) };
}

/**
 * Where each write changes many rows the smallest slices could not keep up with the slowest store, and two zones of
 * three would not do all writes in the time that they have.
 */
function fitting({ tree, load, isZoneLeftOut }: RunOptions): TreeOptions {
  const followers = [load.hasTransactions, load.hasGlobalIndexes, load.hasStreams].filter((isOne) => isOne).length;
  if (followers < 2 || !isZoneLeftOut) return tree;
  return { ...tree, sliceBytes: Math.max(tree.sliceBytes, 4096), sliceRows: Math.max(tree.sliceRows, 10) };
}

function drawTiming(prng: Prng): GroupTiming {
  const leaseMs = prng.pick([100, 150, 250, 500]);
  return {
    leaseMs,
    leaseDriftMs: Math.ceil(leaseMs / prng.pick([5, 10, 20])),
    heartbeatMs: Math.ceil(leaseMs / prng.pick([3, 4, 5])),
    electionJitterMs: prng.pick([10, 50, 100]),
    resendMs: prng.pick([40, 80, 150]),
  };
}

/** Either long enough that nothing is taken for lost while faults go on, or so short that much is. */
function drawLiveness(prng: Prng, timing: GroupTiming): MetadataTiming {
  if (prng.chance(1, 3)) return METADATA_TIMING_DEFAULT;
  const beatMs = prng.pick([10, 20, 50]);
  const suspectMs = beatMs * 5;
  return { beatMs, suspectMs, downAfterMs: suspectMs + prng.pick([50, timing.leaseMs, 600]) };
}

function drawLink(prng: Prng): LinkFaults {
  const isLossy = prng.chance(1, 2);
  const isMessy = prng.chance(1, 2);
  const delayUsMin = prng.pick([50, 200, 800]);
  return {
    delayUsMin,
    delayUsMax: delayUsMin * prng.between(1, 6),
    quantumUs: prng.pick([1, 50, 200]),
    lossPerMille: isLossy ? prng.pick([2, 10, 50]) : 0,
    duplicatePerMille: isMessy ? prng.pick([2, 10, 50]) : 0,
    slowPerMille: isMessy ? prng.pick([5, 20, 100]) : 0,
    slowUsMax: prng.pick([2_000, 20_000, 200_000]),
  };
}

function drawDisk(prng: Prng): SimDiskOptions {
  const tenthMsMin = prng.pick([1, 2, 8]);
  return {
    tenthMsMin, tenthMsMax: tenthMsMin * prng.between(1, 12), slowOneIn: prng.pick([0, 50, 500]),
    capacityBytes: Infinity, failSyncOneIn: 0, misdirectOneIn: 0,
  };
}

function drawKv(prng: Prng): SimKvOptions {
  return { writeMsMin: 1, writeMsMax: prng.pick([2, 8, 40]) };
}

function drawTree(prng: Prng): TreeOptions {
  const checkpointBytes = prng.pick([1, 4, 32]) * 1024;
  return {
    checkpointBytes, overloadBytes: checkpointBytes * 16,
    // Small transactions: a power-off finds checkpoints half done.
    sliceBytes: prng.pick([512, 4096, 65_536]), sliceRows: prng.pick([2, 10, 400]), slicePauseMs: prng.pick([1, 5]),
    idleMs: prng.pick([20, 200, 5_000]), ageMsMax: prng.pick([100, 1_000, 60_000]),
    cacheBytes: checkpointBytes * 8,
  };
}

/** Snapshots of small trees take many pages, and some time. */
function drawBuild(prng: Prng, tree: TreeOptions): BuildLimits {
  return {
    pageBytes: prng.pick([100, 1_000, 100_000]), bytesPerSecond: prng.pick([100_000, 1_000_000]),
    memoryBytes: tree.checkpointBytes * prng.pick([2, 8]), answerMs: prng.pick([50, 500]),
  };
}

/** Power-offs are in every run; each other kind is in about half of them. */
function drawFaults(prng: Prng): Record<FaultKind, number> {
  const weight = (): number => (prng.chance(1, 2) ? prng.between(1, 3) : 0);
  return {
    "power-off": prng.between(4, 10),
    "pause": weight(),
    "partition": weight(),
    "one-way": weight(),
    "clog": weight(),
    "clock": weight(),
    "slow-disk": weight(),
    "disk-failure": prng.chance(1, 3) ? 1 : 0,
    "storm": prng.chance(1, 4) ? 1 : 0,
    "hand-over": weight(),
    "squeeze": prng.chance(1, 2) ? prng.between(1, 6) : 0,
    "flap": prng.chance(1, 2) ? prng.between(1, 4) : 0,
    "damage": prng.chance(1, 6) ? prng.between(1, 3) : 0,
    "lose-disk": prng.chance(1, 2) ? prng.between(1, 3) : 0,
    "control-plane": prng.chance(1, 4) ? 1 : 0,
    "admin": prng.chance(1, 2) ? prng.between(1, 8) : 0,
  };
}

/** Faults that restart one node while others live on. */
const SINGLE_RESTARTS = {
  "disk-failure": 0, "squeeze": 0, "flap": 0, "lose-disk": 0, "control-plane": 0,
} as const;

/** The network once all is healed. */
export const CALM_LINK: LinkFaults = {
  delayUsMin: 100, delayUsMax: 300, quantumUs: 50, lossPerMille: 0, duplicatePerMille: 0, slowPerMille: 0, slowUsMax: 1,
};
