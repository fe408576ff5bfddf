----------------------------- MODULE Transactions -----------------------------
(* Transactions over two partitions: coordinators, locks, the ledger, recovery, tokens, transactions done in one     *)
(* round, reads in two looks, plain writes, a split. README.md explains the abstractions and names the code.         *)
(*                                                                                                                   *)
(* A partition's leader and the ledger are one place each: what makes them so is specified in ReplicationGroup.tla.  *)
(* There are no messages: whoever receives one does so at some time after the state that it tells of, and a state    *)
(* that is told of (locked, decided, given up) does not end before the message is of no use. A coordinator that      *)
(* crashed is one that takes no more steps.                                                                          *)
EXTENDS Integers, FiniteSets

CONSTANTS
  Items,       \* 1..n
  Right,       \* items of the right partition; the others are in the left one
  Live,        \* items that are there at the beginning
  Txns,        \* attempts at a transaction, 1..n; the number is the timestamp that the coordinator gave it
  Repeats,     \* attempts that have the token, and the request, of the attempt before
  Puts, Dels, Checks,  \* what attempts want: 23 is item 3 for attempt 2
  Readers,     \* 1..n: transactions that read
  Reads,       \* 23 is item 3 for reader 2
  PlainItems,  \* items that are put and deleted alone
  MaxPlain,    \* how often
  Splits,      \* TRUE: at the beginning all items are in the left partition
  Sweeps,      \* TRUE: coordinators end for good, and entries of the ledger go
  Large,       \* TRUE: what lies in one partition may be too large for one entry, and is done in two phases
  Mutant       \* "none", or the name of a seeded mistake

VARIABLES
  item,    \* ts: write timestamp, 0 when it is not there; ver: number of its version, for the invariants; live;
           \* lock: the attempt that holds it, 0: none; saw: the version on which that was evaluated
  common,  \* mark: of each partition, the last deletion's timestamp; split; tokens: those with a row in their first
           \* item's partition; plain: number of plain writes. For invariants: again: something was written twice by one
           \* attempt; stale: something was written on another version than evaluated
  tx,      \* phase: of the coordinator; acks: items that it knows to be locked; done: it was decided to be committed;
           \* at: place of each item's access in the order of the item's versions, see Wrote and Saw; 0: none
  ledger,  \* entry of each token: state, and the attempt that it is of
  reader   \* got: places; seen: what must be the same in the second look; confirmed: items that were

vars == <<item, common, tx, ledger, reader>>

Sides == {1, 2}
Token(t) == IF t \in Repeats THEN t - 1 ELSE t
Of(pairs, n) == {i \in Items : n * 10 + i \in pairs}
PutsOf(t) == Of(Puts, Token(t))
DelsOf(t) == Of(Dels, Token(t))
ChecksOf(t) == Of(Checks, Token(t))
ItemsOf(t) == PutsOf(t) \cup DelsOf(t) \cup ChecksOf(t)
ReadsOf(r) == Of(Reads, r)
Wrote(v) == 2 * v
Saw(v) == 2 * v + 1
Greatest(S) == CHOOSE x \in S : \A y \in S : y <= x

Home(i) == IF common.split /\ i \in Right THEN 2 ELSE 1
In(S, p) == {i \in S : Home(i) = p}
IsWhole(S) == \E p \in Sides : In(S, p) = {}
First(t) == CHOOSE i \in ItemsOf(t) : \A j \in ItemsOf(t) : i <= j
IsTokenKnown(t) == Token(t) \in common.tokens

-----------------------------------------------------------------------------
(* The ledger: one conditional put decides *)

Entry(t) == ledger[Token(t)]
IsDecidable(t) == Entry(t).state = "none" \/ (Entry(t).state = "cancelled" /\ Entry(t).by < t)
IsCommitted(t) == Entry(t).state = "committed" /\ Entry(t).by = t
IsAgainst(t) == /\ ~IsDecidable(t) /\ ~IsCommitted(t)
                /\ (Entry(t).by = t \/ Mutant # "IgnoresOtherAttempts")
IsApplied(t) == \A i \in ItemsOf(t) : tx[t].at[i] # 0

-----------------------------------------------------------------------------
(* An entry of a partition's log. Items in `written` get new versions: their timestamps grow, in the worst case by   *)
(* one, and those of deleted items go on in the partition's mark.                                                    *)

NextTs(i) == Greatest({item[i].ts, common.mark[Home(i)]}) + 1
Marks(deleted) == [p \in Sides |->
  IF Mutant = "DeletesLeaveNoMark" THEN common.mark[p]
  ELSE Greatest({common.mark[p]} \cup {NextTs(i) : i \in In(deleted, p)})]

\* what attempt t does to item i
IsWritten(t, i) == i \in PutsOf(t) \/ (i \in DelsOf(t) /\ item[i].live)

\* owner[i] is the attempt whose wish for item i is done; wished: the items; saw[i]: the version it was evaluated on
Apply(wished, owner, saw) ==
  LET written == {i \in wished : IsWritten(owner[i], i)}
      puts == {i \in written : i \in PutsOf(owner[i])}
  IN /\ item' = [i \in Items |->
          IF i \in written
          THEN [ts |-> IF i \in puts THEN NextTs(i) ELSE 0, ver |-> item[i].ver + 1, live |-> i \in puts,
                lock |-> 0, saw |-> 0]
          ELSE IF i \in wished THEN [item[i] EXCEPT !.lock = 0, !.saw = 0]
          ELSE item[i]]
     /\ tx' = [t \in Txns |->
          [tx[t] EXCEPT !.at = [i \in Items |->
            IF i \in wished /\ owner[i] = t
            THEN IF i \in written THEN Wrote(item[i].ver + 1) ELSE Saw(item[i].ver)
            ELSE tx[t].at[i]]]]
     /\ common' = [common EXCEPT
          !.mark = Marks(written \ puts),
          !.tokens = common.tokens \cup
            (IF Large /\ Mutant # "PartsLeaveNoRow" THEN {Token(owner[i]) : i \in {j \in wished : j = First(owner[j])}}
             ELSE {}),
          !.again = common.again \/ (\E i \in written : tx[owner[i]].at[i] # 0),
          !.stale = common.stale \/ (\E i \in wished : saw[i] # item[i].ver)]

-----------------------------------------------------------------------------
Init ==
  /\ item = [i \in Items |-> [ts |-> IF i \in Live THEN 1 ELSE 0, ver |-> 0, live |-> i \in Live, lock |-> 0,
                              saw |-> 0]]
  /\ common = [mark |-> [p \in Sides |-> 0], split |-> ~Splits, plain |-> 0, tokens |-> {}, again |-> FALSE,
               stale |-> FALSE]
  /\ tx = [t \in Txns |-> [phase |-> "open", acks |-> {}, done |-> FALSE, at |-> [i \in Items |-> 0]]]
  /\ ledger = [t \in Txns |-> [state |-> "none", by |-> 0]]
  /\ reader = [r \in Readers |-> [got |-> [i \in Items |-> 0], seen |-> [i \in Items |-> 0], confirmed |-> {}]]

\* the leader of partition p evaluates what t wants there, and locks; a request is received once, at any time
Prepare(t, p) ==
  LET wanted == In(ItemsOf(t), p)
      isChecked(i) == i \in ChecksOf(t) /\ Mutant = "ChecksTakeNoLock"
  IN
  /\ (common.split \/ Large) /\ wanted # {} /\ (~IsWhole(ItemsOf(t)) \/ Large)
  /\ (wanted \cap tx[t].acks = {} \/ Mutant = "RepeatsPrepare")
  /\ \A i \in wanted : item[i].lock = 0 \/ (item[i].lock # t /\ Mutant = "PrepareIgnoresLock")
  /\ item' = [i \in Items |-> IF i \in wanted /\ ~isChecked(i)
                              THEN [item[i] EXCEPT !.lock = t, !.saw = item[i].ver] ELSE item[i]]
  /\ tx' = [tx EXCEPT ![t].acks = tx[t].acks \cup wanted,
                      ![t].at = [i \in Items |-> IF i \in wanted /\ isChecked(i) THEN Saw(item[i].ver)
                                                 ELSE tx[t].at[i]]]
  /\ UNCHANGED <<common, ledger, reader>>

IsSomeApplied(k) == \E u \in Txns : Token(u) = k /\ IsApplied(u)

\* the answer of the first item's partition tells that the token's transaction was done in one round before the split
Find(t, p) ==
  /\ tx[t].phase = "open" /\ (~IsWhole(ItemsOf(t)) \/ Large) /\ IsTokenKnown(t) /\ Home(First(t)) = p
  /\ IsSomeApplied(Token(t))
  /\ tx' = [tx EXCEPT ![t].phase = "ok"]
  /\ UNCHANGED <<item, common, ledger, reader>>

\* all items are locked, and the ledger takes the coordinator's word
Decide(t) ==
  /\ (tx[t].phase = "open" \/ (tx[t].phase = "ok" /\ Mutant = "AcknowledgesPrepared"))
  /\ tx[t].acks = ItemsOf(t)
  /\ (IsDecidable(t) \/ (Entry(t).state = "cancelled" /\ Mutant = "DecidesOverCancelled"))
  /\ (~IsTokenKnown(t) \/ Mutant = "PartsIgnoreTokenRow")
  /\ ledger' = [ledger EXCEPT ![Token(t)] = [state |-> "committed", by |-> t]]
  /\ tx' = [tx EXCEPT ![t].done = TRUE]
  /\ UNCHANGED <<item, common, reader>>

\* whoever leads a partition with a lock of t asks the ledger, at any time, by putting that it is cancelled
Cancel(t) ==
  /\ \E i \in Items : item[i].lock = t
  /\ (IsDecidable(t) \/ (IsCommitted(t) /\ Mutant = "RecoveryPutsBlindly"))
  /\ ledger' = [ledger EXCEPT ![Token(t)] = [state |-> "cancelled", by |-> t]]
  /\ UNCHANGED <<item, common, tx, reader>>

\* the leader of partition p hears that t is committed
Commit(t, p) ==
  /\ (tx[t].done \/ (Entry(t).state = "committed" /\ Mutant = "RecoveryTrustsToken"))
  /\ LET held == {i \in In(ItemsOf(t), p) :
                    item[i].lock = t \/ (item[i].lock # 0 /\ Mutant = "FinishIgnoresId")}
     IN held # {} /\ Apply(held, [i \in Items |-> item[i].lock], [i \in Items |-> item[i].saw])
  /\ UNCHANGED <<ledger, reader>>

\* the leader of partition p hears that t never will be committed: the coordinator gave it up before it asked for a
\* decision, or the ledger holds another one
Release(t, p) ==
  /\ \/ IsAgainst(t)
     \/ tx[t].phase = "failed" /\ ~tx[t].done
     \/ tx[t].phase = "ok" /\ ~tx[t].done /\ Mutant # "AcknowledgesPrepared"
     \/ IsDecidable(t) /\ Mutant = "RecoveryGuesses"
  /\ LET held == {i \in In(ItemsOf(t), p) : item[i].lock = t}
     IN /\ held # {}
        /\ item' = [i \in Items |-> IF i \in held THEN [item[i] EXCEPT !.lock = 0, !.saw = 0] ELSE item[i]]
  /\ UNCHANGED <<common, tx, ledger, reader>>

\* some leader refused, for whatever reason, or the ledger did: the client is told that nothing was done
Refuse(t) ==
  /\ tx[t].phase = "open" /\ Entry(t).state # "committed" /\ ~IsTokenKnown(t)
  /\ tx' = [tx EXCEPT ![t].phase = "failed"]
  /\ UNCHANGED <<item, common, ledger, reader>>

\* the client is told that all is done
Acknowledge(t) ==
  /\ tx[t].phase = "open"
  /\ \/ IsTokenKnown(t) /\ IsWhole(ItemsOf(t)) /\ IsSomeApplied(Token(t))
     \/ /\ Entry(t).state = "committed"
        /\ (IsApplied(Entry(t).by) \/ Mutant = "AcknowledgesBeforeCommits")
     \/ tx[t].acks = ItemsOf(t) /\ Mutant = "AcknowledgesPrepared"
  /\ tx' = [tx EXCEPT ![t].phase = "ok"]
  /\ UNCHANGED <<item, common, ledger, reader>>

\* the coordinator ended, and nothing that it sent is on its way
Stop(t) ==
  /\ Sweeps /\ tx[t].phase = "open"
  /\ tx' = [tx EXCEPT ![t].phase = "stopped"]
  /\ UNCHANGED <<item, common, ledger, reader>>

\* all items are in one partition: its leader does everything in one entry of its log, and the token's row with it
OneRound(t) ==
  /\ tx[t].phase = "open" /\ IsWhole(ItemsOf(t))
  /\ (~IsTokenKnown(t) \/ Mutant = "RoundForgetsToken")
  /\ \A i \in ItemsOf(t) : item[i].lock = 0
  /\ LET wished == ItemsOf(t)
         written == {i \in wished : IsWritten(t, i)}
         puts == {i \in written : i \in PutsOf(t)}
     IN /\ item' = [i \in Items |->
             IF i \in written
             THEN [ts |-> IF i \in puts THEN NextTs(i) ELSE 0, ver |-> item[i].ver + 1, live |-> i \in puts,
                   lock |-> 0, saw |-> 0]
             ELSE item[i]]
        /\ tx' = [tx EXCEPT ![t].at = [i \in Items |->
             IF i \in written THEN Wrote(item[i].ver + 1) ELSE IF i \in wished THEN Saw(item[i].ver)
             ELSE tx[t].at[i]]]
        /\ common' = [common EXCEPT !.mark = Marks(written \ puts), !.tokens = common.tokens \cup {Token(t)},
                                    !.again = common.again \/ (\E i \in written : tx[t].at[i] # 0)]
  /\ UNCHANGED <<ledger, reader>>

\* a token's entry goes: no coordinator can put it any more, and what was committed is done everywhere
Sweep(k) ==
  /\ Sweeps /\ ledger[k].state # "none"
  /\ \A t \in Txns : Token(t) = k =>
       /\ (tx[t].phase # "open" \/ Mutant = "SweepsWhileOpen")
       /\ (IsCommitted(t) => (IsApplied(t) \/ Mutant = "SweepsByTime"))
  /\ ledger' = [ledger EXCEPT ![k] = [state |-> "none", by |-> 0]]
  /\ UNCHANGED <<item, common, tx, reader>>

\* what tells two versions of item i apart; of an item that is not there, the partition's mark
SeenOf(i) == IF Mutant = "GetComparesValues" THEN item[i].ver % 2
             ELSE IF item[i].live THEN 2 * item[i].ts + 1
             ELSE IF Mutant = "GetIgnoresDeletions" THEN 0
             ELSE 2 * common.mark[Home(i)]

\* the first look, at the items in partition p; the only one when all are there
Look(r, p) ==
  LET wanted == In(ReadsOf(r), p)
      isEnough == wanted = ReadsOf(r) \/ Mutant = "GetLooksOnce"
  IN
  /\ wanted # {} /\ (\A i \in wanted : reader[r].got[i] = 0)
  /\ (isEnough => (\A i \in wanted : item[i].lock = 0))
  /\ reader' = [reader EXCEPT
       ![r].got = [i \in Items |-> IF i \in wanted THEN Saw(item[i].ver) ELSE reader[r].got[i]],
       ![r].seen = [i \in Items |-> IF i \in wanted /\ ~isEnough THEN SeenOf(i) ELSE reader[r].seen[i]],
       ![r].confirmed = IF isEnough THEN reader[r].confirmed \cup wanted ELSE reader[r].confirmed]
  /\ UNCHANGED <<item, common, tx, ledger>>

\* the second look: nothing changed, and nothing is held
Confirm(r, p) ==
  LET wanted == In(ReadsOf(r), p) IN
  /\ wanted # {} /\ wanted \cap reader[r].confirmed = {}
  /\ \A i \in ReadsOf(r) : reader[r].got[i] # 0
  /\ \A i \in wanted : /\ reader[r].seen[i] = SeenOf(i)
                       /\ (item[i].lock = 0 \/ Mutant = "GetIgnoresLocks")
  /\ reader' = [reader EXCEPT ![r].confirmed = reader[r].confirmed \cup wanted,
                              ![r].seen = [i \in Items |-> IF i \in wanted THEN 0 ELSE reader[r].seen[i]]]
  /\ UNCHANGED <<item, common, tx, ledger>>

\* item i is put, or deleted, alone
Plain(i, isPut) ==
  /\ i \in PlainItems /\ common.plain < MaxPlain
  /\ (item[i].lock = 0 \/ Mutant = "PlainIgnoresLock")
  /\ (isPut \/ item[i].live)
  /\ item' = [item EXCEPT ![i].ts = IF isPut THEN NextTs(i) ELSE 0, ![i].ver = item[i].ver + 1, ![i].live = isPut]
  /\ common' = [common EXCEPT !.plain = common.plain + 1, !.mark = Marks(IF isPut THEN {} ELSE {i})]
  /\ UNCHANGED <<tx, ledger, reader>>

\* both children go on from the parent's mark
Split ==
  /\ ~common.split
  /\ common' = [common EXCEPT !.split = TRUE, !.mark = [p \in Sides |-> common.mark[1]]]
  /\ UNCHANGED <<item, tx, ledger, reader>>

Next ==
  \/ \E t \in Txns :
       \/ \E p \in Sides : Prepare(t, p) \/ Find(t, p) \/ Commit(t, p) \/ Release(t, p)
       \/ Decide(t) \/ Cancel(t) \/ Refuse(t) \/ Acknowledge(t) \/ Stop(t) \/ OneRound(t) \/ Sweep(t)
  \/ \E r \in Readers : \E p \in Sides : Look(r, p) \/ Confirm(r, p)
  \/ \E i \in Items : \E isPut \in {TRUE, FALSE} : Plain(i, isPut)
  \/ Split

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* What must always hold *)

\* t was committed by the ledger, or done in one round
IsCounted(t) == tx[t].done \/ (IsTokenKnown(t) /\ IsApplied(t))
HasWritten(t) == \E i \in Items : tx[t].at[i] # 0 /\ tx[t].at[i] % 2 = 0

\* An order exists that explains all that was seen. Who accesses a version of an item comes before who accesses a later
\* one, and readers of a version behind its writer; among those that are done there is no circle. Plain writes have one
\* item: they add nothing to a circle that the order of the item's versions has not.
Nodes == {<<"tx", t>> : t \in {u \in Txns : IsCounted(u)}}
         \cup {<<"reader", r>> : r \in {q \in Readers : reader[q].confirmed = ReadsOf(q)}}
Place(n, i) == IF n[1] = "tx" THEN tx[n[2]].at[i] ELSE reader[n[2]].got[i]
ComesBefore(m, n) == \E i \in Items : Place(m, i) # 0 /\ Place(n, i) # 0 /\ Place(m, i) < Place(n, i)
Serializable == \A S \in SUBSET Nodes : (S # {} => (\E n \in S : \A m \in S : ~ComesBefore(m, n)))

\* what is written was evaluated on the version that it replaces
OnNewest == ~common.stale

\* no attempt is applied twice, and no two attempts of a token are
OnceOnly ==
  /\ ~common.again
  /\ \A t \in Txns : \A u \in Txns : ((t # u /\ Token(t) = Token(u)) => ~(HasWritten(t) /\ HasWritten(u)))

\* each item of a committed attempt is as it wants it, or is held for it, unchanged since
AllOrNothing == \A t \in Txns : tx[t].done =>
  (\A i \in ItemsOf(t) : tx[t].at[i] # 0 \/ (item[i].lock = t /\ item[i].saw = item[i].ver))

\* what is not committed, or cancelled, leaves nothing
OnlyCommitted == \A t \in Txns : (HasWritten(t) => IsCounted(t))

\* whoever was told of success reads it everywhere
AcknowledgedIsDone == \A t \in Txns : tx[t].phase = "ok" =>
  (\E u \in Txns : Token(u) = Token(t) /\ IsCounted(u) /\ IsApplied(u))

\* whoever was told of a failure finds nothing of that attempt, ever
FailedIsNothing == \A t \in Txns : (tx[t].phase = "failed" => (~tx[t].done /\ ~HasWritten(t)))

\* whoever leads a partition with a lock can end it without the coordinator
NoLockStays == \A i \in Items :
  (item[i].lock # 0 => (IsCommitted(item[i].lock) \/ IsDecidable(item[i].lock) \/ IsAgainst(item[i].lock)))

=============================================================================
