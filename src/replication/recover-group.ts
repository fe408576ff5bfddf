// What the consensus core of one replica begins with after a restart. Its tree, if it has one, is brought up to the
// known commit LSN first, as far as `replayLog` has not done so.
import { assert } from "../base/assert.ts";
import { ballotFrom, lsn, nextLsn, type GroupId, type Lsn } from "../base/ids.ts";
import type { RecoveredGroup } from "../consensus/ready.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import type { Wal } from "../storage/wal/wal.ts";
import type { LogEntry } from "../wire/log-record.ts";
import { applyRecovered } from "./replay-log.ts";
import { planReplica, type RecoveryEnv } from "./replica-plan.ts";

/** Log read at a time. */
const READ_BYTES = 4 * 1024 * 1024;
/** Log replayed before the event loop gets its turn. */
const BURST_BYTES = 16 * 1024 * 1024;

const EMPTY: RecoveredLog = {
  promised: ballotFrom(0), commit: lsn(0), first: lsn(0), last: lsn(0), base: null,
  split: lsn(0), configurations: [],
};

export type GroupRecovery =
  /** `hasTree`: a storage replica, or a learner whose tree is whole; otherwise there is a log alone. */
  | { readonly ok: true; readonly recovered: RecoveredGroup; readonly hasTree: boolean }
  | { readonly ok: false; readonly error: WalError };

/**
 * Of several groups the ones with lower ids come first, unless `replayLog` has replayed them all: the children of a
 * split, which have higher ids than their parent, write over its rows.
 */
export function recoverGroup(
  env: RecoveryEnv, group: GroupId, log: RecoveredLog | undefined, done: (recovery: GroupRecovery) => void,
): void {
  const { wal, tree, clock } = env;
  const found = log ?? EMPTY;
  const plan = planReplica(env, group, found);
  if (plan.kind === "damaged") {
    done({ ok: false, error: plan.error });
    return;
  }
  if (plan.kind === "log-only") {
    if (plan.isTreeStale) tree.forgetGroup(group);
    done(withTail(wal, group, found, plan.applied, false));
    return;
  }
  const { commit } = plan;
  let applied = tree.appliedLsn(group);
  const replay = (): void => {
    let burst = 0;
    while (applied < commit) {
      const read = wal.readEntriesSync(group, nextLsn(applied), READ_BYTES);
      if (!read.ok) {
        done(read);
        return;
      }
      assert(read.entries.length > 0, "entries up to the commit LSN are in the log");
      for (const entry of read.entries) {
        if (entry.lsn > commit) break;
        const error = applyRecovered(env, entry);
        if (error !== null) {
          done({ ok: false, error });
          return;
        }
        applied = entry.lsn;
        burst += entry.payload.length;
      }
      if (tree.isOverloaded) {
        tree.whenRoom(replay);
        return;
      }
      if (burst >= BURST_BYTES) {
        clock.endOfTurn(replay);
        return;
      }
    }
    done(withTail(wal, group, found, applied, true));
  };
  replay();
}

/**
 * Entries above the known commit LSN, bounded by what a leader may have in flight, and the one at it, whose ballot
 * ranks this log in an election. From a SPLIT on all of them: it closes the group whether or not it is applied.
 */
function withTail(wal: Wal, group: GroupId, found: RecoveredLog, applied: Lsn, hasTree: boolean): GroupRecovery {
  const { promised, split, configurations, base } = found;
  const tail: LogEntry[] = [];
  const holdsApplied = applied > 0 && found.first !== 0 && found.first <= applied && applied <= found.last;
  let at = holdsApplied ? lsn(applied - 1) : applied;
  if (split !== 0 && split <= at) at = lsn(split - 1);
  while (at < found.last) {
    const read = wal.readEntriesSync(group, nextLsn(at), READ_BYTES);
    if (!read.ok) return read;
    assert(read.entries.length > 0, "the log has no holes");
    for (const entry of read.entries) {
      tail.push(entry);
      at = entry.lsn;
    }
  }
  const firstOnDisk = found.first === 0 ? nextLsn(applied) : found.first;
  const recovered = { promised, applied, commit: applied, tail, firstOnDisk, configurations, base };
  return { ok: true, hasTree, recovered };
}
