// Seeded mistakes in the replication group. Each is a name that both forms of the specification know (constant Mutant),
// and must be found in the bound given here; where that takes few states, tla-checker must find it too.
import { mutant, type Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  mutant("IgnoresOwnLeasePromise", "large-crash", "a candidate campaigns while its own lease promise holds"),
  mutant("ForgetsPromise", "large-crash", "a restarted replica forgets which ballot it promised"),
  mutant("SkipsRestartWait", "large-crash", "a restarted replica does not act as if it had promised a lease"),
  mutant("PromisesBeforeDurable", "large-crash", "a promise leaves before it is on the disk"),
  mutant("AcceptsBeforeDurable", "large-crash", "an acceptance leaves before the entry is on the disk"),
  mutant("KeepsOwnLog", "large-crash", "a candidate leads with its own log though a better one was promised"),
  mutant("LogReplicaLeads", "small-election", "a log replica campaigns", { inTla: true }),
  mutant("SkipsAgreementCheck", "large-lease", "a follower appends without looking at the entry before"),
  mutant("KeepsLeaseAfterHandOver", "large-lease", "a leader that handed over goes on believing in its lease"),
  mutant("ServesAfterSplit", "small-hand-over", "a leader writes and serves after it proposed a split", {
    inTla: true,
  }),
  mutant("CountsOldBallots", "mutant-ballots", "a leader commits by counting entries of older ballots"),
  mutant("ChangesTooEarly", "large-remove", "a change is proposed before the one before it is committed", {
    except: ["OneOpenChange"],
  }),
  mutant("KeepsOldPromises", "large-remove", "a candidate leads under a configuration that it adopted in phase 1", {
    except: ["OnlyStorageLeads"],
  }),
  mutant("SwapsInEmptyReplica", "mutant-swap", "a lost voter is exchanged for an empty log replica in one change"),
  mutant("CountsLearners", "mutant-swap", "a learner's acceptance is counted"),
  mutant("InstallsAboveFloor", "mutant-swap", "a joining replica's log begins behind the commit, not the floor", {
    inTla: true,
  }),
];
