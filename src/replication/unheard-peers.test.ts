import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../base/ids.ts";
import { UnheardPeers } from "./unheard-peers.ts";

const [ONE, TWO] = [nodeId(1), nodeId(2)];

test("a peer counts as unheard once it is silent here and heard elsewhere, and no longer once it is heard", () => {
  const peers = new UnheardPeers(100);
  assert.equal(peers.heard(ONE, 0), false);
  assert.equal(peers.isHeardElsewhere(ONE, 99), false, "heard lately");
  assert.equal(peers.isHeardElsewhere(ONE, 100), true);
  assert.equal(peers.isHeardElsewhere(ONE, 101), false, "told once");
  assert.equal(peers.isHeardElsewhere(TWO, 101), true, "never heard");
  assert.deepEqual(peers.list(), [ONE, TWO]);
  assert.equal(peers.heard(ONE, 102), true, "told that it is back");
  assert.deepEqual(peers.list(), [TWO]);
});
