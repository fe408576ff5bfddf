// Seeded mistakes in transactions. Each is a name that both forms of the specification know (constant Mutant), and must
// be found in the bound given here.
import { mutant, type Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  mutant("PrepareIgnoresLock", "transactions/small-conflict", "an item that is locked is locked by another attempt"),
  mutant("ChecksTakeNoLock", "transactions/small-conflict", "items that are only checked are not locked: write skew"),
  mutant("RepeatsPrepare", "transactions/small-read", "a leader receives a request to lock twice"),
  mutant("PlainIgnoresLock", "transactions/small-read", "a plain write changes a locked item"),
  mutant("RecoveryGuesses", "transactions/small-conflict", "a lock is released because the ledger has no decision", {
    inTla: true,
  }),
  mutant("RecoveryPutsBlindly", "transactions/small-conflict", "recovery puts its cancellation without the condition"),
  mutant("RecoveryTrustsToken", "transactions/small-repeat", "recovery commits the locks of all attempts of a token"),
  mutant("IgnoresOtherAttempts", "transactions/small-repeat", "recovery waits when the entry is another attempt's"),
  mutant("DecidesOverCancelled", "transactions/small-conflict", "the decision does not ask whether it is cancelled"),
  mutant("FinishIgnoresId", "transactions/small-conflict", "a late commit is applied to whoever holds the lock"),
  mutant("AcknowledgesPrepared", "transactions/small-conflict", "success is told when all is locked, not decided"),
  mutant("AcknowledgesBeforeCommits", "transactions/small-repeat", "success is told when decided, not applied"),
  mutant("SweepsByTime", "transactions/small-repeat", "a committed entry goes while a lock of it is left", {
    inTla: true,
  }),
  mutant("SweepsWhileOpen", "transactions/small-repeat", "a cancelled entry goes while its coordinator lives"),
  mutant("RoundForgetsToken", "transactions/small-split", "a repeated round does not look for its token's row"),
  mutant("PartsIgnoreTokenRow", "transactions/small-split", "what was done in one round is done again after a split", {
    inTla: true,
  }),
  mutant("PartsLeaveNoRow", "transactions/small-large", "what was too large for one round is done in a round later"),
  mutant("GetIgnoresLocks", "transactions/small-read", "the second look takes locked items"),
  mutant("GetLooksOnce", "transactions/small-read", "items of two partitions are not looked at again"),
  mutant("GetComparesValues", "transactions/small-read", "the second look compares contents, which may come back"),
  mutant("GetIgnoresDeletions", "transactions/mutant-delete", "an item that came and went is not noticed"),
  mutant("DeletesLeaveNoMark", "transactions/mutant-delete", "deletions do not raise the partition's mark"),
];
