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
};

for (const [name, text] of Object.entries(SCENARIOS)) test(name, () => runScenario(text));
