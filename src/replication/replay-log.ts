// Brings the trees of all replicas of a node up to their known commit LSNs in one pass over the write-ahead log, before
// any of them takes part in anything. Paced: the tree's checkpoint keeps up, so that a long log needs little memory.
//
// The order of the log is an order in which groups may be replayed: a child of a split has its first record behind a
// COMMIT record of the SPLIT entry, so every change that the parent makes stands before all of the child's.
import type { GroupId, Lsn } from "../base/ids.ts";
import { nextLsn } from "../base/ids.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import type { LsnRange } from "../storage/wal/log-scan.ts";
import { walError, type WalError } from "../storage/wal/wal-error.ts";
import { decodeWritePayload } from "../wire/codec/write-payload.ts";
import { replicaOf } from "../wire/group-configuration.ts";
import { SPLIT, WRITE, type LogEntry } from "../wire/log-record.ts";
import { decodeSplitPayload } from "../wire/split-payload.ts";
import { planReplica, type RecoveryEnv } from "./replica-plan.ts";

/**
 * Replays what is known committed. Groups whose log and tree do not belong together are left out: `recoverGroup` says
 * what is wrong with them if anybody wants them.
 */
export function replayLog(
  env: RecoveryEnv, logs: ReadonlyMap<GroupId, RecoveredLog>, done: (error: WalError | null) => void,
): void {
  const { wal, tree, clock } = env;
  const ranges = new Map<GroupId, LsnRange>();
  for (const [group, log] of logs) {
    const plan = planReplica(env, group, log);
    if (plan.kind === "tree") ranges.set(group, { from: nextLsn(tree.appliedLsn(group)), to: plan.commit });
  }
  const scan = wal.scan(ranges);
  let error: WalError | null = null;
  const visit = (entry: LogEntry): void => {
    if (error === null) error = applyRecovered(env, copyOf(entry));
  };
  const next = (): void => {
    const step = scan.step(visit);
    if (error !== null) done(error);
    else if (step === "more") tree.whenRoom(next);
    else if (step === "end") clock.endOfTurn(() => done(findGap(tree, ranges, env.treeFile)));
    else done(step);
  };
  next();
}

/** The tree keeps the values. */
function copyOf(entry: LogEntry): LogEntry {
  return { ...entry, payload: entry.payload.slice() };
}

/** Every entry was in the log when it was opened: one that did not come was damaged since. */
function findGap(tree: ItemTree, ranges: ReadonlyMap<GroupId, LsnRange>, treeFile: string): WalError | null {
  for (const [group, { to }] of ranges) {
    const applied = tree.appliedLsn(group);
    if (applied < to) {
      return walError("corrupt", treeFile, 0,
        `group ${group} is committed to LSN ${to}, but the log could be read to LSN ${applied} only`);
    }
  }
  return null;
}

/** Applies a committed entry of the own log. Values become the tree's. */
export function applyRecovered(env: RecoveryEnv, entry: LogEntry): WalError | null {
  const { tree } = env;
  const { group } = entry;
  const expected: Lsn = nextLsn(tree.appliedLsn(group));
  if (entry.lsn !== expected) return damaged(env, entry, `LSN ${expected} is missing before it`);
  if (entry.kind === WRITE) {
    const payload = decodeWritePayload(entry.payload);
    if (payload === null) return damaged(env, entry, "its payload does not decode");
    tree.apply(group, entry.lsn, payload.mutations, payload);
    return null;
  }
  const split = entry.kind === SPLIT ? decodeSplitPayload(entry.payload) : null;
  if (entry.kind === SPLIT && split === null) return damaged(env, entry, "its payload does not decode");
  tree.apply(group, entry.lsn, [], { items: 0, bytes: 0 });
  if (split === null || replicaOf(split.configuration, env.self) === null) return null;
  const children = [
    { group: split.left, items: split.leftItems, bytes: split.leftBytes },
    { group: split.right, items: split.rightItems, bytes: split.rightBytes },
  ];
  const early = children.find((child) => tree.holds(child.group));
  if (early !== undefined) return damaged(env, entry, `the tree holds group ${early.group}, which it has not made yet`);
  tree.splitGroup(group, children);
  return null;
}

function damaged(env: RecoveryEnv, entry: LogEntry, message: string): WalError {
  return walError("corrupt", env.treeFile, 0,
    `the entry of group ${entry.group} at LSN ${entry.lsn} cannot be applied: ${message}`);
}
