// Brings one replica's tree up to its known commit LSN from the write-ahead log, before the replica takes
// part in anything. Paced: the tree's checkpoint keeps up, so that a long log needs little memory.
import { assert, must } from "../base/assert.ts";
import { ballotFrom, lsn, nextLsn, type GroupId, type Lsn } from "../base/ids.ts";
import type { RecoveredGroup } from "../consensus/ready.ts";
import type { Clock } from "../ports/clock.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import { walError, type WalError } from "../storage/wal/wal-error.ts";
import type { Wal } from "../storage/wal/wal.ts";
import { decodeWritePayload } from "../wire/codec/write-payload.ts";
import { WRITE, type LogEntry } from "../wire/log-record.ts";

/** Log read at a time. */
const READ_BYTES = 4 * 1024 * 1024;
/** Log replayed before the event loop gets its turn. */
const BURST_BYTES = 16 * 1024 * 1024;

const EMPTY: RecoveredLog = {
  promised: ballotFrom(0), commit: lsn(0), first: lsn(0), last: lsn(0), base: null, configurations: [],
};

export type RecoveryEnv = {
  readonly wal: Wal;
  readonly tree: ItemTree;
  readonly clock: Clock;
  /** For messages. */
  readonly treeFile: string;
};

export type GroupRecovery =
  | { readonly ok: true; readonly recovered: RecoveredGroup }
  | { readonly ok: false; readonly error: WalError };

export function recoverGroup(
  env: RecoveryEnv, group: GroupId, log: RecoveredLog | undefined, done: (recovery: GroupRecovery) => void,
): void {
  const { wal, tree, clock } = env;
  const found = log ?? EMPTY;
  const checkpoint = tree.checkpointLsn(group);
  // Whatever the tree holds was committed: a checkpoint that was cut short may hold more than its own LSN.
  const commit = lsn(Math.max(found.commit, checkpoint, tree.recoveryFloor(group)));
  const mismatch = compare(env.treeFile, group, found, checkpoint, commit);
  if (mismatch !== null) {
    done({ ok: false, error: mismatch });
    return;
  }
  let applied = checkpoint;
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
        assert(entry.lsn === applied + 1, "the log has no holes");
        applyEntry(tree, group, entry);
        applied = entry.lsn;
        burst += entry.payload.length;
      }
      if (tree.isOverloaded) {
        tree.requestCheckpoint(replay);
        return;
      }
      if (burst >= BURST_BYTES) {
        clock.endOfTurn(replay);
        return;
      }
    }
    done(withTail(wal, group, found, applied));
  };
  replay();
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
  if (log.last >= commit) return null;
  return walError("corrupt", treeFile, 0,
    `the tree holds, or the log says committed, LSN ${commit} of group ${group}, but the log ends at LSN ${log.last}: `
    + "the log is missing or older than the tree");
}

function applyEntry(tree: ItemTree, group: GroupId, entry: LogEntry): void {
  const payload = entry.kind === WRITE ? must(decodeWritePayload(entry.payload), "a log entry decodes") : null;
  tree.apply(group, entry.lsn, payload?.mutations ?? [], { items: payload?.items ?? 0, bytes: payload?.bytes ?? 0 });
}

/**
 * Entries above the known commit LSN, bounded by what a leader may have in flight, and the one at it, whose
 * ballot ranks this log in an election.
 */
function withTail(wal: Wal, group: GroupId, found: RecoveredLog, applied: Lsn): GroupRecovery {
  const tail: LogEntry[] = [];
  const holdsApplied = applied > 0 && found.first !== 0 && found.first <= applied && applied <= found.last;
  let at = holdsApplied ? lsn(applied - 1) : applied;
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
  return { ok: true, recovered: { promised: found.promised, applied, commit: applied, tail, firstOnDisk } };
}
