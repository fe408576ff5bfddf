import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, nodeId, type StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { addressOf } from "../../model/key-encoding.ts";
import type { ConditionNode } from "../../model/expression/ast.ts";
import { EXPRESSION_OPERATOR_COUNT_MAX, NESTING_MAX } from "../../model/limits.ts";
import type { AttributeValue } from "../../model/attribute-value.ts";
import { PAXOS_FRAME, REPLY, REQUEST, type NodeMessage, type PaxosFrame, type Work } from "../data-messages.ts";
import { ByteWriter } from "./byte-writer.ts";
import { decodeNodeMessage, encodeNodeMessage, type DecodeFault, type Envelope } from "./node-message.ts";
import { dividePaxosFrame } from "./paxos-frame.ts";
import { randomMessage, randomPaxosFrame, randomTable } from "./random-message.fuzz.ts";
import { ReceivedTables, SENT_TABLES_MAX, SentTables } from "./sent-tables.ts";

const TO = nodeId(32_769);
const ROUNDS = 3_000;
const writer = new ByteWriter();

function encode(message: NodeMessage, tables = new SentTables()): Uint8Array {
  writer.begin(0);
  encodeNodeMessage(writer, TO, message, tables);
  return writer.take();
}

function decode(bytes: Uint8Array, tables = new ReceivedTables()): Envelope | DecodeFault {
  return decodeNodeMessage(bytes, tables);
}

function seedOf(name: string): number {
  const given = process.env["STATOR_SEED"];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  console.log(`${name}: STATOR_SEED=${seed}`);
  return seed;
}

function request(work: Work): NodeMessage {
  return { kind: REQUEST, from: nodeId(1), id: 1, group: groupId(16), work, bytesMax: 0 };
}

test("messages of every kind come back as they were", () => {
  const prng = new Prng(seedOf("round trip"));
  for (let i = 0; i < ROUNDS; i++) {
    const message = randomMessage(prng);
    const decoded = decode(encode(message));
    assert.ok(decoded.ok, `message ${i}: ${decoded.ok ? "" : decoded.reason}\n${JSON.stringify(message)}`);
    assert.deepEqual(decoded, { ok: true, to: TO, message }, `message ${i}`);
  }
});

test("changed bytes are refused or taken for another valid message, and never throw", () => {
  const prng = new Prng(seedOf("mutation"));
  let refused = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const bytes = encode(randomMessage(prng));
    for (let changes = prng.between(1, 4); changes > 0; changes--) bytes[prng.below(bytes.length)] = prng.below(256);
    const cut = prng.chance(1, 3) ? bytes.subarray(0, prng.below(bytes.length)) : bytes;
    const decoded = decode(cut);
    if (!decoded.ok) refused++;
    else encode(decoded.message); // valid by the codec's own measure
  }
  assert.ok(refused > ROUNDS / 4, `${refused} of ${ROUNDS} refused`);
});

test("random bytes are refused", () => {
  const prng = new Prng(seedOf("random bytes"));
  for (let i = 0; i < ROUNDS; i++) {
    const bytes = prng.bytes(prng.below(300));
    if (bytes.length > 2) bytes[2] = prng.between(1, 7);
    decode(bytes);
  }
});

test("a table travels once per connection, also when more are in use than places", () => {
  const prng = new Prng(1);
  const sent = new SentTables();
  const received = new ReceivedTables();
  const tables = Array.from({ length: SENT_TABLES_MAX + 20 }, () => randomTable(prng));
  const sizes: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const table of tables) {
      const address = addressOf(table, keyValue(table.hashKey.type), table.rangeKey && keyValue(table.rangeKey.type));
      const message = request({ kind: "get", table, address, isStrong: true, projection: null });
      for (let again = 0; again < 2; again++) {
        const bytes = encode(message, sent);
        sizes.push(bytes.length);
        assert.deepEqual(decode(bytes, received), { ok: true, to: TO, message });
      }
    }
  }
  for (let i = 1; i < sizes.length; i += 2) assert.ok((sizes[i] ?? 0) < (sizes[i - 1] ?? 0) / 2);
});

function keyValue(type: "S" | "N" | "B"): AttributeValue {
  return type === "S" ? { S: "key" } : type === "N" ? { N: "12" } : { B: "AAEC" };
}

test("the deepest expression with the deepest value fits", () => {
  let value: AttributeValue = { S: "leaf" };
  for (let i = 0; i < NESTING_MAX; i++) value = i % 2 === 0 ? { L: [value] } : { M: { a: value } };
  let condition: ConditionNode = {
    kind: "compare", comparator: "=", left: { kind: "path", path: ["a"] }, right: { kind: "value", value },
  };
  for (let i = 0; i < EXPRESSION_OPERATOR_COUNT_MAX; i++) condition = { kind: "not", operand: condition };
  const table = randomTable(new Prng(3));
  const address = addressOf(table, keyValue(table.hashKey.type), table.rangeKey && keyValue(table.rangeKey.type));
  const message = request({
    kind: "delete", table, address, condition, returnValues: "NONE", returnOldOnFailure: false,
  });
  assert.deepEqual(decode(encode(message)), { ok: true, to: TO, message });
});

test("values nested without end, and more values than allowed, are refused", () => {
  const head = [1, 0, REQUEST];
  const nested: number[] = [];
  for (let i = 0; i < 100_000; i++) nested.push(10, 1, 0, 0, 0);
  assert.equal(decode(Uint8Array.from([...head, ...nested, 0])).ok, false);
  const many = new Uint8Array(head.length + 5 + 1_100_000);
  many.set([...head, 10]);
  new DataView(many.buffer).setUint32(head.length + 1, 1_100_000, true);
  assert.equal(decode(many).ok, false);
  assert.equal(decode(Uint8Array.from([...head, 10, 255, 255, 255, 255])).ok, false, "a count beyond the bytes");
});

test("what is well formed and makes no sense is refused", () => {
  const table = randomTable(new Prng(3));
  const address = addressOf(table, keyValue(table.hashKey.type), table.rangeKey && keyValue(table.rangeKey.type));
  const get = { kind: "get", table, address, isStrong: true, projection: null } as const;
  const outside = { ...address, key: `\0\0\0\0${address.key.slice(4)}` as StorageKey };
  const update = {
    kind: "update", table, address, condition: null, returnValues: "NONE", returnOldOnFailure: false, keyItem: {},
  } as const;
  const cases: readonly (readonly [string, unknown])[] = [
    ["a key in another table's space", { ...get, address: outside }],
    ["a key elsewhere than its hash", { ...get, address: { ...address, point: 1 } }],
    ["a key with wide chars", { ...get, address: { ...address, key: `${address.key}€` } }],
    ["a field too many", { ...get, extra: 1 }],
    ["a field too few", { kind: "get", table, address, isStrong: true }],
    ["an unknown work", { kind: "constructor" }],
    ["no table", { ...get, table: {} }],
    ["a hole in the hash space", { ...get, table: { ...table, partitions: [{ ...table.partitions[0], from: 5 }] } }],
    ["an empty path", { ...get, projection: [[]] }],
    ["a path that begins with an index", { ...get, projection: [[1]] }],
    ["an item that is not stored form", { ...update, kind: "put", keyItem: undefined, itemSize: 5 }],
    ["a number not canonical", { ...update, update: null, keyItem: { a: { N: "01" } } }],
    ["a set with duplicates", { ...update, update: null, keyItem: { a: { SS: ["a", "a"] } } }],
    ["a value of two types", { ...update, update: null, keyItem: { a: { S: "a", N: "1" } } }],
    ["nodes out of range", { kind: "transfer", to: 65_536 }],
    ["a count that is no number", { kind: "split", at: null, left: "1", right: 2 }],
    ["not a number", { kind: "register", uuid: "u", zone: "z", address: "a", capacity: Number.NaN }],
  ];
  for (const [what, work] of cases) {
    const { keyItem: _, ...rest } = work as Record<string, unknown>;
    const plain = what.startsWith("an item") ? { ...rest, itemBytes: new Uint8Array(20) } : work;
    const decoded = decode(encode(request(plain as Work)));
    assert.equal(decoded.ok, false, what);
  }
  assert.ok(decode(encode(request(get))).ok);
});

test("a Paxos entry whose bytes changed is refused", () => {
  const prng = new Prng(9);
  let frame: PaxosFrame = randomPaxosFrame(prng);
  while (!frame.messages.some(({ entries }) => entries.some(({ payload }) => payload.length > 10))) {
    frame = randomPaxosFrame(prng);
  }
  const bytes = encode(frame);
  const last = frame.messages.findLast(({ entries }) => entries.length > 0)?.entries.at(-1);
  assert.ok(last !== undefined && decode(bytes).ok);
  const lsnAt = bytes.length - 1;
  bytes[lsnAt] = (bytes[lsnAt] ?? 0) ^ 1;
  assert.equal(decode(bytes).ok, false);
});

test("a frame that is too large is divided between messages", () => {
  const prng = new Prng(5);
  const messages = Array.from({ length: 40 }, () => randomPaxosFrame(prng).messages).flat()
    .map((message) => ({ ...message, from: nodeId(7) }));
  const frame: PaxosFrame = { kind: PAXOS_FRAME, from: nodeId(7), clockMs: 5, messages };
  const parts = dividePaxosFrame(frame, 2_000);
  assert.ok(parts.length > 3);
  assert.deepEqual(parts.flatMap((part) => part.messages), messages);
  for (const part of parts) assert.ok(part.messages.length === 1 || encode(part).length <= 2_000 + 32);
  assert.deepEqual(dividePaxosFrame(frame, 1e9), [frame]);
});

test("negative zero, large counters and awkward texts survive", () => {
  const message: NodeMessage = {
    kind: REPLY, from: nodeId(1), id: Number.MAX_SAFE_INTEGER,
    outcome: {
      kind: "page", runs: [], count: 0, scanned: 0, scannedBytes: 2 ** 40, lastKey: { ["__proto__"]: { S: "é€😀" } },
    },
  };
  assert.deepEqual(decode(encode(message)), { ok: true, to: TO, message });
  const beat: NodeMessage = { kind: REPLY, from: nodeId(1), id: 0, outcome: { kind: "unavailable", reason: "\ud800" } };
  assert.deepEqual(decode(encode(beat)), { ok: true, to: TO, message: beat });
});
