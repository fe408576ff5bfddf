// What kind of replica a node's log and tree make of a group: one with a tree, which is replayed from the log, or one
// with a log alone. And whether log and tree belong together.
import { lsn, type GroupId, type Lsn, type NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import { walError, type WalError } from "../storage/wal/wal-error.ts";
import type { Wal } from "../storage/wal/wal.ts";
import { replicaOf, STORAGE } from "../wire/group-configuration.ts";

export type RecoveryEnv = {
  readonly self: NodeId;
  readonly wal: Wal;
  readonly tree: ItemTree;
  readonly clock: Clock;
  /** For messages. */
  readonly treeFile: string;
};

export type ReplicaPlan =
  /** The tree is brought from what it holds to `commit`. */
  | { readonly kind: "tree"; readonly commit: Lsn }
  /** Entries up to `applied` are known committed. `isTreeStale`: the tree has a mark of a former membership. */
  | { readonly kind: "log-only"; readonly applied: Lsn; readonly isTreeStale: boolean }
  | { readonly kind: "damaged"; readonly error: WalError };

/** Messages name this where no single segment is to blame. */
const LOG_FILES = "wal-*.log";

export function planReplica(env: RecoveryEnv, group: GroupId, log: RecoveredLog): ReplicaPlan {
  const { tree } = env;
  const checkpoint = tree.checkpointLsn(group);
  const isTreeStale = isMarkStale(env, group, log, checkpoint);
  if (isTreeStale || !hasTree(env, group, log)) return planLogOnly(group, log, isTreeStale);
  // Whatever the tree holds was committed: a checkpoint that was cut short may hold more than its own LSN.
  const commit = lsn(Math.max(log.commit, checkpoint, tree.recoveryFloor(group)));
  const error = compare(env.treeFile, group, log, checkpoint, commit);
  return error === null ? { kind: "tree", commit } : { kind: "damaged", error };
}

/** The replica left the group; what its tree says of it was not forgotten before the node ended. */
function isMarkStale(env: RecoveryEnv, group: GroupId, log: RecoveredLog, checkpoint: Lsn): boolean {
  if (!env.tree.hasMark(group)) return false;
  if (log.base !== null) return log.base.lsn > checkpoint;
  return log.last === 0 && env.wal.isForgotten(group);
}

/**
 * A tree that is not marked can be made from a log that reaches down to LSN 1, unless the log says that this replica
 * has none: one that joined, or is listed without.
 */
function hasTree(env: RecoveryEnv, group: GroupId, log: RecoveredLog): boolean {
  if (env.tree.holds(group)) return true;
  if (log.base !== null) return false;
  const newest = log.configurations.at(-1);
  if (newest === undefined) return true;
  const replica = replicaOf(newest.configuration, env.self);
  return replica !== null && replica.kind === STORAGE && replica.votes;
}

function planLogOnly(group: GroupId, log: RecoveredLog, isTreeStale: boolean): ReplicaPlan {
  const { base, commit, first, last } = log;
  // What is not in the log any more was committed and durable on all members.
  const applied = lsn(Math.max(commit, base?.lsn ?? 0, first === 0 ? 0 : first - 1));
  if (applied <= Math.max(last, base?.lsn ?? 0)) return { kind: "log-only", applied, isTreeStale };
  return {
    kind: "damaged",
    error: walError("corrupt", LOG_FILES, 0,
      `the log says committed LSN ${applied} of group ${group}, but ends at LSN ${last}: its end is missing`),
  };
}

/**
 * Log and tree must belong together. An entry is deleted from the log only when the tree holds it, and the last one
 * never; the tree holds an entry only when it is durable in the log. Otherwise one of the two was lost, or replaced
 * by an older one: this replica has forgotten what it promised or acknowledged, and must not vote.
 */
function compare(treeFile: string, group: GroupId, log: RecoveredLog, checkpoint: Lsn, commit: Lsn): WalError | null {
  if (log.last !== 0 && log.first > checkpoint + 1) {
    return walError("corrupt", treeFile, 0,
      `the tree holds group ${group} up to LSN ${checkpoint}, its log begins at LSN ${log.first}: `
      + "the tree is missing or older than the log");
  }
  if (Math.max(log.last, log.base?.lsn ?? 0) >= commit) return null;
  return walError("corrupt", treeFile, 0,
    `the tree holds, or the log says committed, LSN ${commit} of group ${group}, but the log ends at LSN ${log.last}: `
    + "the log is missing or older than the tree");
}
