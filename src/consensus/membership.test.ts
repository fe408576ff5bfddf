// Hard cases of changing members, in the language of scenario.fuzz.ts.
import { test } from "node:test";
import { runScenario } from "./scenario.fuzz.ts";

const SCENARIOS: Readonly<Record<string, string>> = {
  "two changes of one epoch: a candidate that adopts the other one holds no quorum of it": `
    nodes 4
    elect 1
    cut 1>2 1>3 1>4 2>1 3>1 4>1
    change 1 1 2 3              # stays in its own log
    pass 310
    campaign 3
    settle
    serving 3 = yes
    mute 3 2
    change 3 2 3 4              # 2 takes it, and does not hear that it is committed
    settle
    unmute 3
    cut 3>2 2>3 1>3 1>4 3>1 4>1 2>4 4>2
    propose 3 x y
    settle
    applied 3 = 5               # 3 and 4 are a quorum of 2 3 4; 1 and 2 would be one of 1 2 3
    pass 310
    heal
    cut 3>2 2>3 1>3 1>4 3>1 4>1 2>4 4>2
    pass 140                    # 1 takes over the log of 2
    role 1 = follower
    members 1 = 2 3 4
    pass 500
    heal
    pass 1000
    log 2 = . . + x y .`,

  "a leader of before does not count a new replica on the node of a former voter": `
    nodes 3
    spares 2
    elect 3
    propose 3 a
    settle
    pass 100
    cut 3>1 3>2 1>3 2>3
    propose 3 z                 # 3 is cut off, and leads on in its own view
    settle
    pass 310
    campaign 1
    settle
    serving 1 = yes
    place 4
    change 1 1 2 3 4L?
    pass 100
    change 1 1 2 3 4L
    pass 100
    change 1 1 2 4L
    pass 100
    place 5
    change 1 1 2 4L 5L?
    pass 100
    change 1 1 2 4L 5L
    pass 100
    change 1 1 4L 5L
    pass 200
    propose 1 b
    pass 200
    wipe 2
    heal
    cut 3>1 1>3
    place 2                     # 3 hears of it before 1 does: 2 and 3 were a quorum once
    pass 400
    members 2 =
    log 3 = . a z
    change 1 1 2L? 4L 5L
    pass 300
    members 2 = 1 2L? 4L 5L`,

  "a new log replica joins as a learner, gets its vote, and the lost one is removed": `
    nodes 3
    spares 1
    elect 1
    propose 1 a
    pass 100
    crash 3
    propose 1 b
    settle
    place 4
    members 4 =
    unchanged 1 invalid 1 2 3 4L    # not with a vote at once
    unchanged 1 invalid 1 2? 4L?    # not two votes at once
    change 1 1 2 3 4L?
    unchanged 1 busy 1 2 3 4L       # the change before is not committed
    pass 200
    log 4 = _ _ b +                 # behind the floor: 3 has what is up to there
    members 4 = 1 2 3 4L?
    change 1 1 2 3 4L
    settle
    change 1 1 2 4L
    pass 200
    floor 1 = 6
    unchanged 1 invalid 2 4L        # a leader does not remove itself
    tree 4
    change 1 1 2 4
    pass 100
    crash 1
    pass 1000
    serving 2 = yes
    handover 2 4
    settle
    serving 4 = yes
    propose 4 c
    pass 100
    log 2 = . a b + + + + . . c
    applied 2 = 10`,

  "a learner counts in no quorum": `
    nodes 3
    spares 1
    elect 1
    place 4
    change 1 1 2 3 4L?
    pass 200
    cut 1>2 1>3
    propose 1 a
    settle
    log 4 = _ + a
    applied 1 = 2
    pass 300
    lease 1 = none
    role 4 = follower`,

  "INSTALL lost, late and repeated": `
    nodes 3
    spares 1
    elect 1
    propose 1 a b
    pass 100
    place 4
    cut 4>1
    change 1 1 2 3 4?
    pass 200
    members 4 =
    heal
    hold 1>4
    pass 300
    release reversed twice
    pass 200
    log 4 = _ _ _ +
    hold 1>4
    propose 1 c
    pass 90
    release twice
    pass 200
    log 4 = _ _ _ + c
    applied 4 = 5
    crash 4
    restart 4
    pass 200
    applied 4 = 5`,

  "the power goes while a replica is told where its log begins": `
    nodes 3
    spares 1
    elect 1
    propose 1 a b
    pass 100
    place 4
    stall 4
    change 1 1 2 3 4?
    pass 100
    crash 4
    restart 4
    members 4 =
    pass 200
    log 4 = _ _ _ +`,

  "the configuration of an entry that is cut is not in force any more": `
    nodes 3
    spares 1
    elect 1
    cut 1>2 1>3 2>1 3>1
    place 4
    change 1 1 2 3 4L?
    settle
    members 1 = 1 2 3 4L?
    pass 500
    role 2 = leader
    heal
    pass 200
    members 1 = 1 2 3
    log 1 = . .
    pass 400
    role 4 = follower`,

  "a leader changes nothing before an entry of its own is committed": `
    nodes 3
    spares 1
    elect 1
    crash 1
    pass 310
    mute 2
    campaign 2
    settle
    role 2 = leader
    unchanged 2 busy 2 3
    unmute 2
    pass 200
    change 2 2 3
    settle
    members 3 = 2 3`,

  "a replica that was removed is told, and disturbs nobody": `
    nodes 4
    elect 1
    cut 1>4 2>4 3>4
    change 1 1 2 3
    pass 1000                       # 4 campaigns as it misses its leader, and hears nothing
    role 1 = leader
    members 4 = 1 2 3 4
    heal
    pass 700
    removed 4 = yes
    role 4 = follower
    serving 1 = yes
    pass 3000
    role 4 = follower
    role 1 = leader`,

  "a log replica never leads, and its log saves what only it had": `
    nodes 3
    spares 1
    elect 1
    place 4
    change 1 1 2 3 4L?
    pass 200
    change 1 1 2 3 4L
    pass 200
    change 1 1 2 4L
    pass 200
    cut 1>2
    propose 1 a                     # 1 and 4 have it
    settle
    applied 1 = 5
    crash 1
    heal
    campaign 4
    role 4 = follower
    pass 1000
    role 4 = follower
    serving 2 = yes
    log 2 = . + + + a .
    applied 2 = 6`,

  "leadership is not handed to a log replica, nor to a learner": `
    nodes 3
    spares 2
    elect 1
    place 4
    change 1 1 2 3 4L?
    pass 200
    change 1 1 2 3 4L
    pass 200
    place 5
    change 1 1 2 3 4L 5?
    pass 200
    nohandover 1 4
    nohandover 1 5
    handover 1 3
    settle
    serving 3 = yes`,

  "a split closes the group, and its leaders go on": `
    nodes 3
    elect 1
    propose 1 a
    settle
    split 1
    refuse 1 b
    lease 1 = none
    settle
    serving 1 = no
    pass 100
    log 3 = . a /
    crash 1
    pass 1000
    role 2 = leader
    serving 2 = no
    lease 2 = none
    refuse 2 c
    change 2 2 3                    # a lost member must not hold up the floor for ever
    pass 200
    floor 3 = 5
    applied 3 = 5`,

  "a split that is cut opens the group again": `
    nodes 3
    elect 1
    cut 1>2 1>3 2>1 3>1
    split 1
    settle
    pass 500
    role 2 = leader
    heal
    pass 200
    log 1 = . .
    handover 2 1
    settle
    serving 1 = yes
    propose 1 a
    settle
    applied 1 = 4`,

  "no split while a change of members is not committed": `
    nodes 3
    elect 1
    cut 1>2 1>3
    change 1 1 2
    nosplit 1
    heal
    pass 200
    split 1
    settle
    log 2 = . + /`,

  "one voter becomes two: the lease without end is over": `
    nodes 1
    spares 1
    elect 1
    pass 1000
    lease 1 = live
    place 2
    change 1 1 2?
    pass 200
    lease 1 = live
    cut 1>2
    change 1 1 2
    settle
    lease 1 = live                  # as a learner 2 has promised it too
    pass 300
    lease 1 = none
    applied 1 = 2
    heal
    pass 200
    lease 1 = live
    applied 2 = 3`,

  "a leader that steps down is followed by another ballot": `
    nodes 3
    elect 1
    propose 1 a
    settle
    stepdown 1
    lease 1 = none
    refuse 1 b
    pass 200
    serving 1 = no
    pass 1000
    log 1 = . a .
    applied 2 = 3`,

  "a node whose clock is wrong leads nothing, and helps nobody before its leader is gone": `
    nodes 3
    elect 1
    distrust 2
    campaign 2
    role 2 = follower
    propose 1 a                     # it votes for entries as before
    crash 3
    propose 1 b
    settle
    applied 1 = 3
    distrust 1
    lease 1 = none
    role 1 = follower
    restart 3
    pass 3000                       # the only one that trusts its clock is refused by those that do not
    serving 3 = no
    trust 2
    pass 1000
    serving 1 = no
    trust 1
    pass 1000
    applied 3 = 4
    lease 1 = none`,
};

for (const [name, text] of Object.entries(SCENARIOS)) test(name, () => runScenario(text));
