// Known hard cases, in the language of scenario.fuzz.ts.
import { test } from "node:test";
import { runScenario } from "./scenario.fuzz.ts";

const SCENARIOS: Readonly<Record<string, string>> = {
  "a new group elects the one that is told to, and serves after its no-op": `
    nodes 3
    campaign 1
    settle
    role 1 = leader
    serving 1 = yes
    lease 1 = live
    propose 1 a b
    settle
    applied 1 = 3
    pass 65            # followers learn the commit from the next heartbeat
    log 2 = . a b
    applied 2 = 3
    applied 3 = 3`,

  "one replica alone is its own quorum": `
    nodes 1
    elect 1
    propose 1 a
    settle
    applied 1 = 2
    pass 1000
    lease 1 = live`,

  "nobody serves before its no-op is committed": `
    nodes 3
    cut 1>2 1>3
    campaign 1
    settle
    role 1 = canvassing
    heal
    pass 75
    cut 1>2 1>3
    role 1 = leader
    pass 10
    heal
    crash 1
    restart 1
    refuse 1 a`,

  "a lost accept is sent again": `
    nodes 3
    elect 1
    cut 1>2 1>3
    propose 1 a
    settle
    applied 1 = 1
    heal
    pass 150
    applied 1 = 2
    log 3 = . a`,

  "accepts in reverse order, twice": `
    nodes 3
    elect 1
    hold 1>2 1>3
    propose 1 a
    settle
    propose 1 b
    settle
    propose 1 c
    settle
    applied 1 = 1
    release reversed twice
    settle
    pass 80
    applied 1 = 4
    log 2 = . a b c
    log 3 = . a b c`,

  "the leader's own disk may be slow: the others commit, it applies once durable": `
    nodes 3
    elect 1
    stall 1
    propose 1 a
    settle
    applied 1 = 1
    pass 65
    applied 2 = 2
    unstall 1
    settle
    applied 1 = 2`,

  "nothing commits on one durable copy": `
    nodes 3
    elect 1
    stall 2
    stall 3
    propose 1 a
    settle
    applied 1 = 1
    unstall 3
    settle
    applied 1 = 2`,

  "a conflicting suffix is cut": `
    nodes 3
    elect 1
    propose 1 a
    settle
    cut 1>2 1>3 2>1 3>1
    propose 1 x y z
    pass 450            # its lease runs out, another leads
    lease 1 = none
    role 2 = leader
    propose 2 b
    settle
    log 1 = . a x y z
    heal
    pass 200
    log 1 = . a . b
    applied 1 = 4
    role 1 = follower
    role 2 = leader`,

  "the best log is on a peer: the candidate takes it over, piece by piece": `
    nodes 3 message=130
    elect 1
    cut 1>3             # 3 misses everything
    propose 1 a b c d e f
    settle
    applied 1 = 7
    crash 1
    heal
    cut 2>3             # 2 cannot canvass: 3 must be the one
    pass 330
    heal
    pass 400
    log 3 = . a b c d e f .
    applied 3 = 8`,

  "an acknowledged entry survives the crash of its leader": `
    nodes 3
    elect 1
    stall 3
    propose 1 a
    settle
    applied 1 = 2
    crash 1
    crash 3
    restart 3
    pass 700
    log 2 = . a .
    log 3 = . a .
    applied 2 = 3
    applied 3 = 3`,

  "a restarted replica assumes that it had just promised the lease": `
    nodes 3
    elect 1
    cut 1>2 2>1 1>3 3>1
    crash 2
    restart 2
    crash 3
    restart 3
    campaign 2
    campaign 3
    settle
    role 2 = follower
    role 3 = follower
    lease 1 = live
    pass 265
    lease 1 = live
    pass 10
    lease 1 = none
    pass 300
    serving 2 = yes
    serving 3 = no`,

  "with prior leases void a restarted group elects at once": `
    nodes 3
    elect 1
    propose 1 a
    settle
    crash 1
    crash 2
    crash 3
    restart 1 void
    restart 2 void
    restart 3 void
    elect 2
    log 1 = . a .`,

  "a replica obeys its own lease promise": `
    nodes 3
    elect 1
    cut 1>3 3>1
    pass 400            # 3 misses the leader, 2 hears it
    role 1 = leader
    lease 1 = live
    campaign 2
    settle
    role 2 = follower
    role 1 = leader`,

  "a replica that cannot hear the leader does not disturb the group": `
    nodes 3
    elect 1
    cut 1>3
    pass 2000
    role 1 = leader
    role 3 = canvassing
    serving 1 = yes
    lease 1 = live
    heal
    pass 200
    role 3 = follower`,

  "a leader that nobody answers loses its lease, not its ballot": `
    nodes 3
    elect 1
    cut 2>1 3>1
    pass 300
    lease 1 = none
    role 1 = leader
    heal
    pass 100
    lease 1 = live`,

  "hand-over: the target leads at once, and the old lease is over": `
    nodes 3
    elect 1
    propose 1 a
    handover 1 3
    refuse 1 b
    settle
    serving 3 = yes
    lease 3 = live
    lease 1 = none
    role 1 = follower
    propose 3 c
    settle
    log 1 = . a . c
    applied 3 = 4`,

  "hand-over waits for a target that lags": `
    nodes 3
    elect 1
    cut 1>3
    propose 1 a
    settle
    handover 1 3
    settle
    role 1 = leader
    lease 1 = live
    refuse 1 b
    heal
    pass 150
    serving 3 = yes
    log 3 = . a .`,

  "hand-over to a dead target is given up, and the leader takes writes again": `
    nodes 3
    elect 1
    crash 3
    propose 1 a
    settle
    handover 1 3
    pass 310
    propose 1 b
    settle
    applied 1 = 3
    lease 1 = live`,

  "a hand-over that is lost ends in an election": `
    nodes 3
    elect 1
    handover 1 2
    cut 1>2
    pass 1000
    heal
    pass 500
    applied 1 = 2`,

  "an entry of an older ballot commits through one of the leader's own ballot": `
    nodes 3
    elect 1
    mute 1
    propose 1 a         # LSN 2 of the first ballot, only at 1
    pass 300
    crash 1
    restart 1
    unmute 1
    pass 900
    applied 1 = 3
    log 2 = . a .
    applied 2 = 3`,

  "figure 8: an old entry on a quorum is not committed, and loses against a higher last ballot": `
    nodes 3 message=64  # one entry per message
    elect 1
    cut 1>2 1>3 2>1 3>1
    propose 1 a         # LSN 2 of the first ballot, only at 1
    mute 2
    pass 450
    role 2 = leader     # with the promise of 3; its no-op at LSN 2 stays with it
    log 2 = . .
    log 3 = .
    crash 2
    heal
    pass 70             # 3 refuses the old ballot: 1 steps down
    role 1 = canvassing
    mute 1 3            # its no-op to 2 and to 3, refused there; then LSN 2 arrives, and nothing more
    pass 330
    role 1 = leader
    log 1 = . a .
    log 3 = . a         # on a quorum, in an old ballot
    applied 1 = 1
    crash 1
    unmute 2
    restart 2
    pass 900
    log 2 = . . .
    log 3 = . . .
    applied 3 = 3`,

  "a lagging peer is fed from the disk": `
    nodes 3 tail=200 message=200
    elect 1
    cut 1>3
    propose 1 a b c d e f g h i j
    settle
    applied 1 = 11
    floor 1 = 1
    heal
    pass 300
    reads 1 > 2
    log 3 = . a b c d e f g h i j
    applied 3 = 11`,

  "a lagging peer is fed by a leader that restarted and knows its old ballots from the disk only": `
    nodes 3 tail=200 message=200
    elect 1
    cut 1>3
    propose 1 a b c d e f g h
    settle
    pass 65
    checkpoint 1
    crash 1
    restart 1
    pass 330
    heal
    pass 1000
    log 3 = . a b c d e f g h .
    applied 3 = 10`,

  "the floor follows the slowest member, and the log below it may go": `
    nodes 3
    elect 1
    propose 1 a b
    settle
    pass 130
    floor 1 = 3
    floor 2 = 3
    cut 1>3
    propose 1 c
    settle
    pass 130
    floor 1 = 3
    applied 2 = 4
    heal
    pass 200
    floor 1 = 4
    checkpoint 1
    checkpoint 2
    checkpoint 3
    crash 1
    crash 2
    crash 3
    restart 1 void      # nothing is left of the log: its last ballot is not known to anyone
    restart 2 void
    restart 3 void
    elect 3
    propose 3 d
    settle
    pass 65
    applied 1 = 6
    applied 2 = 6`,
};

for (const [name, text] of Object.entries(SCENARIOS)) test(name, () => runScenario(text));
