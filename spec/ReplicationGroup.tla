-------------------------- MODULE ReplicationGroup --------------------------
(* One replication group: Multi-Paxos over a log that is adopted as a whole, leases, changes of membership,        *)
(* hand-over, split, crash and restart. README.md explains the abstractions and names the code of each action.     *)
(*                                                                                                                 *)
(* Messages are never taken out: one that is lost is never received, one that is repeated is received again.       *)
(*   PREPARE   ballot b of its owner, to the voters bal[b].to, showing the release of ballot bal[b].rel            *)
(*   PROMISE   a record of `promises`, with the sender's log                                                       *)
(*   ACCEPT    <<b, i>>: entry i of bal[b].stream and the ballot of the entry before it, for any i                 *)
(*   HAND_OVER ballot b, to bal[b].handed                                                                          *)
(* Answers to a leader (ACCEPTED) are kept at the leader, in `match` and `rounds`: what counts is when it looks.   *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
  Nodes,       \* 1..n
  Storage,     \* storage replicas that vote at the beginning
  Logs,        \* log replicas that vote at the beginning; the other nodes may join
  MaxBallot, MaxLog, MaxCrashes,
  MaxChanges,  \* changes of membership proposed
  Changes,     \* kinds of changes allowed: subset of {"join", "vote", "store", "remove"}
  HandOvers,   \* TRUE: leaders hand over
  Splits,      \* TRUE: a leader may propose a split
  Floors,      \* TRUE: logs are cut behind the floor before a replica joins
  Mutant       \* "none", or the name of a seeded mistake

VARIABLES
  rep,       \* for each node its replica, see Replica below
  bal,       \* for each ballot its messages, see above
  promises,  \* PROMISE messages that a candidate may still count
  hist       \* for invariants and bounds. done: the committed sequence; doneIn: for each of its entries the ballot
             \* whose leader committed it first; era: changes of membership proposed so far; crashes: their number

vars == <<rep, bal, promises, hist>>

Unknown == 0 - 1
Absent == 0 - 1
Ballots == 1..MaxBallot
Zeros == [p \in Nodes |-> 0]

-----------------------------------------------------------------------------
(* Configurations and logs *)

FirstConfig == [p \in Nodes |-> IF p \in Storage THEN "storage" ELSE IF p \in Logs THEN "log" ELSE "none"]
Voters(c) == {p \in Nodes : c[p] = "storage" \/ c[p] = "log"}
Members(c) == {p \in Nodes : c[p] # "none"}
IsQuorum(S, V) == Cardinality(S \cap V) * 2 > Cardinality(V)

\* b: ballot of the leader that proposed it; k: kind; c: new configuration; t: era that it began
Plain(b, k) == [b |-> b, k |-> k, c |-> <<>>, t |-> 0]
LastBallot(l) == IF Len(l) = 0 THEN 0 ELSE l[Len(l)].b
\* (a formal parameter never has the name of another argument of a call: tla-checker binds them one after the other)
Better(this, than) == \/ LastBallot(this) > LastBallot(than)
                      \/ LastBallot(this) = LastBallot(than) /\ Len(this) > Len(than)
\* LSN of the last CONFIG entry up to i; 0: the first configuration is in force there
ConfigAt(l, i) == LET S == {j \in 1..i : l[j].k = "config"}
                  IN IF S = {} THEN 0 ELSE CHOOSE j \in S : \A h \in S : h <= j
ConfigUpTo(l, i) == LET j == ConfigAt(l, i) IN IF j = 0 THEN FirstConfig ELSE l[j].c
Config(l) == ConfigUpTo(l, Len(l))
HasSplit(l) == \E i \in 1..Len(l) : l[i].k = "split"
\* LSN of the first entry of ballot b, which is there
First(l, b) == CHOOSE i \in 1..Len(l) : l[i].b = b /\ (\A j \in 1..(i-1) : l[j].b # b)
\* how far two logs are equal
Common(l, m) == LET S == {i \in 0..Len(l) : i <= Len(m) /\ (\A j \in 1..i : l[j] = m[j])}
                IN CHOOSE i \in S : \A j \in S : j <= i

-----------------------------------------------------------------------------
(* Replicas *)

Replica(p) == LET isFirst == p \in Storage \cup Logs IN
  [dPromised |-> 0, dLog |-> <<>>,   \* on disk
   promised |-> 0, log |-> <<>>,     \* in memory, as all that follows
   role |-> "follower",
   \* ballot to which the lease is promised; 0: free; Unknown: just started
   bound |-> IF isFirst \/ Mutant = "SkipsJoinWait" THEN 0 ELSE Unknown,
   since |-> 0,                      \* era in which that promise was last renewed
   base |-> IF isFirst THEN 0 ELSE Absent,    \* the log begins behind this LSN; Absent: no configuration yet
   \* leaders only: own commit LSN, floor, ACCEPTED LSN of each peer, and <<p, era>> for answers to rounds whose
   \* lease time is not over
   commit |-> 0, floor |-> 0, match |-> Zeros, rounds |-> {}]

\* what a replica knows that follows again
Follow(r) == [r EXCEPT !.role = "follower", !.commit = 0, !.floor = 0, !.match = Zeros, !.rounds = {}]

Durable(n) == Common(rep[n].dLog, rep[n].log)
Has(n, p) == IF p = n THEN Durable(n) ELSE rep[n].match[p]
Leads(n, b) == rep[n].role = "leader" /\ rep[n].promised = b
MayServe(n) == /\ rep[n].role = "leader"
               /\ rep[n].commit >= First(rep[n].log, rep[n].promised)
               /\ bal[rep[n].promised].handed = 0

\* PROMISE messages that a candidate may still count, when the replica of `node` is `state`
Wanted(all, node, state) == {m \in all : \/ bal[m.b].owner # node
                                         \/ m.b > state.dPromised
                                         \/ state.role = "candidate" /\ state.promised = m.b}

-----------------------------------------------------------------------------
(* Leases. A round is an ACCEPT with the time of its sending; whoever answers it is bound for the lease time from  *)
(* receiving it. So when a promise is over, so are all rounds that its maker answered, and all rounds that were    *)
(* sent before it was made or renewed.                                                                             *)

\* p's lease promise forbids it to help c, which shows the release of ballot r
IsBound(p, c, r) ==
  LET h == rep[p].bound IN
  /\ h # 0
  /\ \/ h = Unknown
     \/ /\ h # r
        /\ bal[h].owner # c
        /\ \/ bal[h].owner # p
           \/ rep[p].role # "follower" /\ rep[p].promised = h

\* the replica of `node` once the promise of `maker` is over, when isOver
After(node, maker, isOver) ==
  IF isOver
  THEN [rep[node] EXCEPT !.rounds = {x \in rep[node].rounds : x[1] # maker /\ x[2] >= rep[maker].since}]
  ELSE rep[node]

\* n believes in its lease: a quorum of a configuration that was in force under it answered its rounds in that time
HasLease(n) ==
  /\ rep[n].role = "leader"
  /\ (bal[rep[n].promised].handed = 0 \/ Mutant = "KeepsLeaseAfterHandOver")
  /\ LET l == rep[n].log
         first == First(l, rep[n].promised)
         inForce == {ConfigAt(l, first - 1)} \cup {i \in first..Len(l) : l[i].k = "config"}
         Later(i) == {j \in inForce : j > i}
         End(i) == IF Later(i) = {} THEN MaxChanges ELSE l[CHOOSE j \in Later(i) : \A h \in Later(i) : j <= h].t - 1
     IN \E i \in inForce :
          IsQuorum({n} \cup {x[1] : x \in {y \in rep[n].rounds : y[2] <= End(i)}}, Voters(ConfigUpTo(l, i)))

Serves(n) == /\ HasLease(n)
             /\ rep[n].commit >= First(rep[n].log, rep[n].promised)
             /\ (~HasSplit(rep[n].log) \/ Mutant = "ServesAfterSplit")

-----------------------------------------------------------------------------
Init ==
  /\ rep = [p \in Nodes |-> Replica(p)]
  /\ bal = [b \in Ballots |-> [owner |-> 0, rel |-> 0, to |-> {}, stream |-> <<>>, handed |-> 0]]
  /\ promises = {}
  /\ hist = [done |-> <<>>, doneIn |-> <<>>, era |-> 0, crashes |-> 0]

\* n takes a ballot above its promise; r: the ballot whose leader handed over to n, or 0
Campaign(n, b, r) ==
  /\ rep[n].role # "leader" /\ rep[n].base # Absent
  /\ b > rep[n].promised /\ bal[b].owner \in {0, n} /\ bal[b].stream = <<>>
  /\ (IF r = 0 THEN TRUE
      ELSE bal[r].handed = n /\ rep[n].promised = r /\ rep[n].role = "follower" /\ rep[n].bound \in {0, r})
  /\ LET c == Config(rep[n].log)
         waits == IsBound(n, n, r) /\ Mutant # "IgnoresOwnLeasePromise"
     IN /\ (c[n] = "storage" \/ (c[n] = "log" /\ Mutant = "LogReplicaLeads"))
        /\ rep' = [p \in Nodes |->
             IF p = n
             THEN [rep[n] EXCEPT !.promised = b, !.role = "candidate", !.bound = b, !.since = hist.era]
             ELSE After(p, n, waits)]
        /\ bal' = [bal EXCEPT ![b].owner = n, ![b].rel = IF bal[b].rel = 0 THEN r ELSE bal[b].rel,
                              ![b].to = Voters(c) \ {n}]
        /\ promises' = {m \in promises : bal[m.b].owner # n \/ m.b > rep[n].dPromised}
  /\ UNCHANGED hist

\* some prefix of what n appended reaches its disk: the promise stands there before the entries
Sync(n) ==
  /\ (rep[n].dPromised # rep[n].promised \/ rep[n].dLog # rep[n].log)
  /\ LET l == rep[n].log
         Logs1 == {SubSeq(l, 1, i) : i \in (Durable(n) + 1)..Len(l)}
                  \cup (IF rep[n].dPromised # rep[n].promised THEN {rep[n].dLog} ELSE {})
     IN \E d \in Logs1 :
          LET r == [rep[n] EXCEPT !.dPromised = rep[n].promised, !.dLog = d]
          IN /\ rep' = [rep EXCEPT ![n] = r]
             /\ promises' = Wanted(promises, n, r)
  /\ UNCHANGED <<bal, hist>>

\* p receives PREPARE of ballot b, waits until it is free, makes its promise durable and answers
Promise(p, b) ==
  /\ p \in bal[b].to /\ b > rep[p].promised /\ bal[b].stream = <<>>
  /\ LET isEarly == Mutant = "PromisesBeforeDurable"
         waits == IsBound(p, bal[b].owner, bal[b].rel)
         r == [Follow(rep[p]) EXCEPT
                !.promised = b, !.bound = b, !.since = hist.era,
                !.dPromised = IF isEarly THEN rep[p].dPromised ELSE b,
                !.dLog = IF isEarly THEN rep[p].dLog ELSE rep[p].log]
     IN /\ rep' = [n \in Nodes |-> IF n = p THEN r ELSE After(n, p, waits)]
        /\ promises' = LET sent == [b |-> b, from |-> p, log |-> rep[p].log]
                           others == Wanted(promises, p, r)
                           to == bal[b].owner
                       IN others \cup Wanted({sent}, to, rep[to])
  /\ UNCHANGED <<bal, hist>>

\* a candidate that adopts `its` in place of `own` is under another configuration: its promises may be no quorum of it
Epoch(l) == Cardinality({i \in 1..Len(l) : l[i].k = "config"})
IsOther(own, its) == CASE Mutant = "KeepsOldPromises" -> FALSE
                       [] Mutant = "ComparesEpochs" -> Epoch(its) # Epoch(own)
                       [] OTHER -> Config(its) # Config(own)

\* the logs that candidate n may take over: for each quorum of its promises the best one
Best(n) ==
  IF rep[n].role # "candidate" \/ rep[n].dPromised # rep[n].promised THEN {}
  ELSE LET own == rep[n].log
           voters == Voters(Config(own))
           sent == {m \in promises : m.b = rep[n].promised}
           quorums == {Q \in SUBSET (voters \cap ({n} \cup {m.from : m \in sent})) :
                         n \in Q /\ Cardinality(Q) = Cardinality(voters) \div 2 + 1}
           LogsOf(Q) == IF Mutant = "KeepsOwnLog" THEN {own}
                        ELSE {own} \cup {m.log : m \in {x \in sent : x.from \in Q}}
       IN UNION {{l \in LogsOf(Q) : \A m \in LogsOf(Q) : ~Better(m, l)} : Q \in quorums}

\* a piece of the best log comes in
Adopt(n) ==
  /\ \E l \in Best(n) : \E i \in (Common(rep[n].log, l) + 1)..(Len(l) - 1) :
       rep' = [rep EXCEPT ![n].log = SubSeq(l, 1, i)]
  /\ UNCHANGED <<bal, promises, hist>>

\* the rest of the best log comes in; n leads with it unless that changes its configuration
Lead(n) ==
  /\ \E l \in Best(n) :
       LET b == rep[n].promised
           new == Append(l, Plain(b, "noop"))
       IN IF IsOther(rep[n].log, l)
          THEN /\ rep' = [rep EXCEPT ![n] = [Follow(rep[n]) EXCEPT !.log = l]]
               /\ UNCHANGED bal
          ELSE /\ Len(l) < MaxLog
               /\ rep' = [rep EXCEPT ![n].log = new, ![n].role = "leader", ![n].floor = rep[n].base]
               /\ bal' = [bal EXCEPT ![b].stream = new]
  /\ promises' = {m \in promises : m.b # rep[n].promised}
  /\ UNCHANGED hist

\* the leader n appends an entry and sends it
Put(n, e) ==
  /\ rep' = [rep EXCEPT ![n].log = Append(rep[n].log, e)]
  /\ bal' = [bal EXCEPT ![rep[n].promised].stream = Append(rep[n].log, e)]
  /\ UNCHANGED promises

Propose(n, kind) ==
  /\ MayServe(n) /\ Len(rep[n].log) < MaxLog
  /\ (~HasSplit(rep[n].log) \/ Mutant = "ServesAfterSplit")
  /\ Put(n, Plain(rep[n].promised, kind))
  /\ UNCHANGED hist

\* the configurations that one change may lead to
Steps(k) == (IF k = "none" /\ "join" \in Changes THEN {"learner"} ELSE {})
            \cup (IF k = "learner" /\ "vote" \in Changes THEN {"log"} ELSE {})
            \cup (IF k = "log" /\ "store" \in Changes THEN {"storage"} ELSE {})
            \cup (IF k # "none" /\ "remove" \in Changes THEN {"none"} ELSE {})
Swaps(c) == {[c EXCEPT ![x[1]] = "none", ![x[2]] = "log"] :
               x \in {y \in Nodes \X Nodes : c[y[1]] \in {"storage", "log"} /\ c[y[2]] = "none"}}
Neighbours(c) == UNION {{[c EXCEPT ![p] = k] : k \in Steps(c[p])} : p \in Nodes}
                 \cup (IF Mutant = "SwapsInEmptyReplica" THEN Swaps(c) ELSE {})

Reconfigure(n) ==
  /\ rep[n].role = "leader" /\ bal[rep[n].promised].handed = 0
  /\ hist.era < MaxChanges /\ Len(rep[n].log) < MaxLog /\ ~HasSplit(rep[n].log)
  /\ (rep[n].commit >= First(rep[n].log, rep[n].promised) \/ Mutant = "ChangesBeforeOwnCommit")
  /\ (ConfigAt(rep[n].log, Len(rep[n].log)) <= rep[n].commit \/ Mutant = "ChangesTooEarly")
  /\ \E c \in Neighbours(Config(rep[n].log)) :
       /\ c[n] = "storage"
       /\ Put(n, [b |-> rep[n].promised, k |-> "config", c |-> c, t |-> hist.era + 1])
  /\ hist' = [hist EXCEPT !.era = hist.era + 1]

\* the leader of b sent to p when its log ended at i or beyond
SentTo(p, b, i) == LET s == bal[b].stream IN
  /\ s # <<>> /\ p # bal[b].owner
  /\ \E k \in First(s, b)..Len(s) : k >= i /\ ConfigUpTo(s, k)[p] # "none"

\* p heard the leader of ballot b: its ballot and its lease are promised; r: p's replica with its new log; up to i it
\* agrees with the leader
Hear(p, b, r, i) ==
  LET new == [Follow(r) EXCEPT !.promised = b, !.dPromised = b, !.bound = b, !.since = hist.era]
      counts == bal[b].handed = 0 \/ Mutant = "KeepsLeaseAfterHandOver"
  IN
  /\ rep' = [n \in Nodes |->
       IF n = p THEN new
       ELSE IF ~Leads(n, b) THEN rep[n]
       ELSE [rep[n] EXCEPT !.match[p] = IF rep[n].match[p] < i THEN i ELSE rep[n].match[p],
                           !.rounds = IF counts THEN rep[n].rounds \cup {<<p, hist.era>>} ELSE rep[n].rounds]]
  /\ promises' = Wanted(promises, p, new)
  /\ UNCHANGED <<bal, hist>>

Heartbeat(p, b) ==
  /\ b >= rep[p].promised /\ SentTo(p, b, 0)
  /\ Hear(p, b, [rep[p] EXCEPT !.dLog = rep[p].log], 0)

Accept(p, b, i) ==
  /\ b >= rep[p].promised /\ rep[p].base # Absent /\ SentTo(p, b, i)
  /\ LET s == bal[b].stream
         l == rep[p].log
         isSame == i <= Len(l) /\ l[i].b = s[i].b
         new == IF isSame THEN l ELSE Append(SubSeq(l, 1, i - 1), s[i])
     IN /\ i - 1 <= Len(l)
        /\ (i = 1 \/ l[i-1].b = s[i-1].b \/ Mutant = "SkipsAgreementCheck")
        /\ Hear(p, b, [rep[p] EXCEPT !.log = new,
                                     !.dLog = IF Mutant = "AcceptsBeforeDurable" THEN rep[p].dLog ELSE new], i)

\* the leader n tells p, which has no configuration, where its log begins
Install(p, n) ==
  /\ rep[p].base = Absent /\ rep[n].role = "leader" /\ Config(rep[n].log)[p] # "none"
  /\ rep[n].promised >= rep[p].promised
  /\ LET b == rep[n].promised
         l == SubSeq(rep[n].log, 1, IF Mutant = "InstallsAboveFloor" THEN rep[n].commit ELSE rep[n].floor)
     IN rep' = [rep EXCEPT ![p].base = Len(l), ![p].log = l, ![p].dLog = l, ![p].promised = b, ![p].dPromised = b]
  /\ UNCHANGED <<bal, promises, hist>>

\* the leader n learns that all members have more of its log
RaiseFloor(n) ==
  /\ Floors /\ rep[n].role = "leader"
  /\ LET S == {Has(n, p) : p \in Members(Config(rep[n].log))} \cup {rep[n].commit}
         least == CHOOSE x \in S : \A y \in S : x <= y
     IN /\ least > rep[n].floor
        /\ rep' = [rep EXCEPT ![n].floor = least]
  /\ UNCHANGED <<bal, promises, hist>>

Commit(n, k) ==
  /\ rep[n].role = "leader" /\ k > rep[n].commit /\ k <= Len(rep[n].log)
  /\ (rep[n].log[k].b = rep[n].promised \/ Mutant = "CountsOldBallots")
  /\ LET l == rep[n].log
         c == Config(l)
         counted == IF Mutant = "CountsLearners" THEN Members(c) ELSE Voters(c)
         known == Len(hist.done)
     IN /\ Cardinality({p \in counted : Has(n, p) >= k}) * 2 > Cardinality(Voters(c))
        /\ rep' = [rep EXCEPT ![n].commit = k]
        /\ hist' = IF k <= known THEN hist
                   ELSE [hist EXCEPT !.done = hist.done \o SubSeq(l, known + 1, k),
                                     !.doneIn = hist.doneIn \o [i \in 1..(k - known) |-> rep[n].promised]]
  /\ UNCHANGED <<bal, promises>>

\* the lease is given up for good in this ballot, and the target told
HandOver(n, p) ==
  /\ HandOvers /\ p # n /\ MayServe(n)
  /\ Config(rep[n].log)[p] = "storage"
  /\ rep[n].commit = Len(rep[n].log) /\ rep[n].match[p] = Len(rep[n].log)
  /\ bal' = [bal EXCEPT ![rep[n].promised].handed = p]
  /\ rep' = [rep EXCEPT ![n].rounds = IF Mutant = "KeepsLeaseAfterHandOver" THEN rep[n].rounds ELSE {}]
  /\ UNCHANGED <<promises, hist>>

\* told of a higher ballot (REFUSED), given up for lack of answers, or handed over
StepDown(n) ==
  /\ rep[n].role # "follower"
  /\ rep' = [rep EXCEPT ![n] = Follow(rep[n])]
  /\ promises' = Wanted(promises, n, Follow(rep[n]))
  /\ UNCHANGED <<bal, hist>>

\* what is on the disk is what is left
Crash(n) ==
  /\ hist.crashes < MaxCrashes /\ rep[n].base # Absent
  /\ LET kept == IF Mutant = "ForgetsPromise" THEN 0 ELSE rep[n].dPromised
         new == [Follow(rep[n]) EXCEPT !.promised = kept, !.dPromised = kept, !.log = rep[n].dLog,
                                       !.bound = IF Mutant = "SkipsRestartWait" THEN 0 ELSE Unknown,
                                       !.since = hist.era]
     IN /\ rep' = [rep EXCEPT ![n] = new]
        /\ promises' = Wanted(promises, n, new)
  /\ hist' = [hist EXCEPT !.crashes = hist.crashes + 1]
  /\ UNCHANGED bal

Next == \E n \in Nodes :
  \/ \E b \in Ballots : \/ Campaign(n, b, 0)
                        \/ \E r \in 1..(b-1) : Campaign(n, b, r)
                        \/ Promise(n, b)
                        \/ Heartbeat(n, b)
                        \/ \E i \in 1..Len(bal[b].stream) : Accept(n, b, i)
  \/ Sync(n)
  \/ Adopt(n)
  \/ Lead(n)
  \/ Propose(n, "value")
  \/ Splits /\ Propose(n, "split")
  \/ Reconfigure(n)
  \/ RaiseFloor(n)
  \/ \E k \in 1..Len(rep[n].log) : Commit(n, k)
  \/ \E p \in Nodes : Install(p, n) \/ HandOver(n, p)
  \/ StepDown(n)
  \/ Crash(n)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* What must always hold *)

\* one value per LSN, ever
OneValue == \A n \in Nodes : \A i \in 1..rep[n].commit : i <= Len(hist.done) /\ hist.done[i] = rep[n].log[i]

\* what was committed is in the log of every leader of a higher ballot
LeaderHasCommitted == \A n \in Nodes : rep[n].role = "leader" =>
  (\A i \in 1..Len(hist.done) :
     hist.doneIn[i] < rep[n].promised => (i <= Len(rep[n].log) /\ hist.done[i] = rep[n].log[i]))

OneLease == \A n \in Nodes : \A m \in Nodes : (n # m => ~(HasLease(n) /\ HasLease(m)))

\* who serves reads has committed whatever anybody acknowledged
FreshReads == \A n \in Nodes : Serves(n) => rep[n].commit >= Len(hist.done)

OnlyStorageLeads == \A n \in Nodes : rep[n].role = "leader" =>
  ConfigUpTo(rep[n].log, First(rep[n].log, rep[n].promised))[n] = "storage"

\* entries with the same LSN and ballot are the same, and so is everything before them
LogsMatch == \A n \in Nodes : \A m \in Nodes : \A i \in 1..Len(rep[n].log) :
  ((n < m /\ i <= Len(rep[m].log) /\ rep[n].log[i].b = rep[m].log[i].b)
   => SubSeq(rep[n].log, 1, i) = SubSeq(rep[m].log, 1, i))

BallotsGrow == \A n \in Nodes : \A i \in 2..Len(rep[n].log) : rep[n].log[i-1].b <= rep[n].log[i].b

\* of the changes in a log at most one is not committed
OneOpenChange == \A n \in Nodes : LET l == rep[n].log IN
  Cardinality({i \in 1..Len(l) : l[i].k = "config" /\ (i > Len(hist.done) \/ hist.done[i] # l[i])}) <= 1

\* nothing but leaders' no-ops follows a split, and the parent serves nothing once the children may
SplitCloses ==
  /\ \A i \in 1..Len(hist.done) : \A j \in 1..(i-1) : (hist.done[j].k = "split" => hist.done[i].k = "noop")
  /\ \A n \in Nodes : (Serves(n) => ~HasSplit(hist.done))

\* what a log lacks below its base is committed, and durable on every replica of the committed configuration
FloorHolds == \A p \in Nodes :
  /\ rep[p].base <= Len(hist.done)
  /\ \A q \in Members(Config(hist.done)) :
       (rep[q].base # Absent =>
          (rep[p].base <= Len(rep[q].dLog) /\ (\A i \in 1..rep[p].base : rep[q].dLog[i] = hist.done[i])))

=============================================================================
