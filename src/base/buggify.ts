// Two kinds of marks in production code that only the simulator sees.
//
// A **buggify point** is a rare branch that is always allowed: a batch that closes early, a cache that has forgotten,
// a slow path in place of the fast one. In production the branch is not taken, and asking costs one comparison. The
// simulator makes it frequent in some runs, so that states that need a full disk or a thousand clients are met
// with three. A point must never change what is promised, only how it comes about.
//
// A **probe** says "here it happened": a line that a good set of runs must have reached. Those that no run reached
// are reported, because about them the runs say nothing.

export const BUGGIFY_POINTS = [
  "wal: a batch closes early",
  "tree: a checkpoint begins early",
  "tree: a checkpoint slice has one row",
  "replication: a decoded payload is forgotten",
  "replication: the log is not released yet",
  "replication: a group has small limits",
  "build: a page is asked for once more",
  "router: a known leader is forgotten",
  "router: a coordinator stops before its decision",
  "router: a coordinator stops after its decision",
  "router: a coordinator stops amid its commits",
  "router: a part of a transaction is sent late",
  "storage node: a page ends early",
  "storage node: a lock seems old",
  "control plane: a look is put off",
  "control plane: an answer comes too late",
  "indexes: a change is not kept in memory",
  "indexes: an acknowledgement is not believed",
  "indexes: rows are sent in another order",
] as const;
export type BuggifyPoint = (typeof BUGGIFY_POINTS)[number];

export const PRODUCTION_PROBES = [
  "wal: a group's log was forgotten",
  "replication: entries for a peer were read from the disk",
  "build: a page did not come",
  "hosting: a first member began late",
  "router: a request was given up after silence",
  "router: a request followed a split",
  "indexes: a leader sent what its memory did not have",
  "indexes: a row came late and changed nothing",
  "indexes: a row met a tombstone",
  "indexes: items from before the index were brought in",
  "storage node: a transaction was cancelled that nobody ended",
  "storage node: a transaction was committed that nobody ended",
] as const;
export type ProductionProbe = (typeof PRODUCTION_PROBES)[number];

export type Mischief = {
  /** Is the branch taken this time? */
  readonly isTaken: (point: BuggifyPoint) => boolean;
  readonly reached: (probe: ProductionProbe) => void;
};

/** One at a time: simulated runs follow each other in one thread. Null in production, always. */
let mischief: Mischief | null = null;

export function buggify(point: BuggifyPoint): boolean {
  return mischief !== null && mischief.isTaken(point);
}

export function reached(probe: ProductionProbe): void {
  if (mischief !== null) mischief.reached(probe);
}

/** For the simulator and tests only. */
export function setMischief(next: Mischief | null): void {
  mischief = next;
}
