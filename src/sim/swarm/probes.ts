// Situations that a good set of runs must have reached. A summary names those that were never reached: the
// tests then say less than they seem to.

export const PROBES = [
  "all zones were off at once",
  "a power-off tore or lost un-synced bytes",
  "a torn tail was cut at recovery",
  "a node was off while the others served",
  "a paused node outlived its lease",
  "leadership of a partition changed",
  "a node failed on its disk and came back",
  "a node met damage in its tree and stopped",
  "a checkpoint was written before the end",
  "a log segment was deleted",
  "a client call timed out",
  "a call was answered with unavailable",
  "a condition failed",
  "an unknown write took effect",
  "an unknown write never took effect",
  "a message was duplicated",
  "a message was cut off by a partition",
  "a restarted node replayed entries",
  "all zones were one process",
  "one zone stayed off while the others had to serve",
  "a whole-cluster power-off came before the final check",
  "a partition was split",
  "a log replica voted",
  "the system group changed its members",
  "an item whose time was over went",
  "a transaction was done",
  "a reader came to the end of a closed shard",
] as const;
export type ProbeName = (typeof PROBES)[number];

export class Probes {
  readonly hits: Map<ProbeName, number> = new Map();

  hit(name: ProbeName): void {
    this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
  }

  hitIf(condition: boolean, name: ProbeName): void {
    if (condition) this.hit(name);
  }
}
