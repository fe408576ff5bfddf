import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../../base/ids.ts";
import { NODE_BEAT, type NodeBeat } from "../../wire/data-messages.ts";
import { Liveness, METADATA_TIMING_DEFAULT } from "./liveness.ts";

const SELF = nodeId(1);
const OTHER = nodeId(2);
const { suspectMs, downAfterMs } = METADATA_TIMING_DEFAULT;

function beat(incarnation = 1): NodeBeat {
  return { kind: NODE_BEAT, from: OTHER, incarnation, replicas: 3, led: 1, unheard: [nodeId(9)] };
}

test("a node is up, suspect, down, and up again with the next beat", () => {
  const liveness = new Liveness(SELF, METADATA_TIMING_DEFAULT, 0);
  liveness.onBeat(beat(), 100);
  assert.equal(liveness.life(OTHER, 100 + suspectMs - 1), "up");
  assert.equal(liveness.life(OTHER, 100 + suspectMs), "suspect");
  assert.equal(liveness.life(OTHER, 100 + downAfterMs - 1), "suspect");
  assert.equal(liveness.life(OTHER, 100 + downAfterMs), "down");
  liveness.onBeat(beat(2), 200 + downAfterMs);
  assert.equal(liveness.life(OTHER, 200 + downAfterMs), "up");
  assert.deepEqual(liveness.lastBeat(OTHER)?.unheard, [9]);
  assert.equal(liveness.ageMs(OTHER, 250 + downAfterMs), 50);
});

test("silence from before it listened says nothing, however long", () => {
  const liveness = new Liveness(SELF, METADATA_TIMING_DEFAULT, 0);
  assert.equal(liveness.life(OTHER, 10), "unknown");
  assert.equal(liveness.life(OTHER, downAfterMs), "down", "listened for long enough");
  liveness.onBeat(beat(), downAfterMs);
  liveness.listenFrom(100_000);
  assert.equal(liveness.life(OTHER, 100_000), "unknown");
  assert.equal(liveness.life(OTHER, 100_000 + downAfterMs - 1), "unknown");
  assert.equal(liveness.life(OTHER, 100_000 + downAfterMs), "down");
});

test("this node lives", () => {
  assert.equal(new Liveness(SELF, METADATA_TIMING_DEFAULT, 0).life(SELF, 1e9), "up");
});
