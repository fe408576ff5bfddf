import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epoch, groupId, hashPoint, nodeId } from "../base/ids.ts";
import {
  decodeConfiguration, encodeConfiguration, initialConfiguration, LOG, replicaOf, STORAGE, type Configuration,
} from "./group-configuration.ts";
import { decodeSplitPayload, encodeSplitPayload, type SplitPayload } from "./split-payload.ts";

const MIXED: Configuration = {
  epoch: epoch(7),
  replicas: [
    { node: nodeId(1), kind: STORAGE, votes: true },
    { node: nodeId(0xffff), kind: LOG, votes: true },
    { node: nodeId(3), kind: STORAGE, votes: false },
  ],
};
const SPLIT: SplitPayload = {
  at: hashPoint(2 ** 47 + 1), left: groupId(20), right: groupId(21), leftItems: 3, leftBytes: 2 ** 40, rightItems: 0,
  rightBytes: 0, since: 2 ** 50 + 1, configuration: initialConfiguration([nodeId(1), nodeId(2), nodeId(3)]),
};

test("configurations come back as they were", () => {
  assert.deepEqual(decodeConfiguration(encodeConfiguration(MIXED)), MIXED);
  assert.equal(replicaOf(MIXED, nodeId(3))?.votes, false);
  assert.equal(replicaOf(MIXED, nodeId(2)), null);
});

test("a split comes back as it was", () => {
  assert.deepEqual(decodeSplitPayload(encodeSplitPayload(SPLIT)), SPLIT);
});

test("what is no configuration is refused: every cut, and rules that bytes can break", () => {
  const whole = encodeConfiguration(MIXED);
  for (let length = 0; length < whole.length; length++) {
    assert.equal(decodeConfiguration(whole.subarray(0, length)), null, `cut to ${length}`);
  }
  const broken = (at: number, value: number): Uint8Array => {
    const bytes = whole.slice();
    bytes[at] = value;
    return bytes;
  };
  assert.equal(decodeConfiguration(broken(0, 2)), null, "another version");
  assert.equal(decodeConfiguration(broken(4, 0)), null, "epoch 0");
  assert.equal(decodeConfiguration(broken(8, 3)), null, "a node twice");
  assert.equal(decodeConfiguration(broken(10, 3)), null, "an unknown kind");
  assert.equal(decodeConfiguration(broken(11, 2)), null, "half a vote");
  const noVote = whole.slice();
  for (const at of [11, 15, 19]) noVote[at] = 0;
  assert.equal(decodeConfiguration(noVote), null, "nobody votes");
});

test("random bytes never throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
    decodeConfiguration(bytes);
    decodeSplitPayload(bytes);
    const split = encodeSplitPayload(SPLIT);
    split.set(bytes.subarray(0, split.length));
    decodeSplitPayload(split);
  }), { numRuns: 500 });
});
