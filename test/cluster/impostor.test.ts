// A process that knows the cluster's name and speaks its protocol, says whatever the protocol can say, at random. It
// can do what any node may, such as making tables; it must not bring a process down, nor take away what is stored.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { CreateTableCommand, GetItemCommand, PutItemCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { groupId, nodeId } from "../../src/base/ids.ts";
import { Prng } from "../../src/base/prng.ts";
import { encodeNodeMessage } from "../../src/wire/codec/node-message.ts";
import { randomMessage } from "../../src/wire/codec/random-message.fuzz.ts";
import { CATALOGUE, PAXOS_FRAME, REQUEST, type NodeMessage } from "../../src/wire/data-messages.ts";
import { beginFrame, MESSAGE, sealFrame } from "../../src/runtime/tcp/frames.ts";
import { helloFrame } from "../../src/runtime/tcp/greeting.ts";
import { ClusterUnderTest, HOST, statusOf, type NodeUnderTest } from "./node-cluster.ts";

const TABLE = "guarded";
const MESSAGES = 3_000;
const PER_TURN = 50;
const ITEMS = 20;
/** The system group and the first groups of tables. */
const GROUPS = [1, 1, 16, 17, 18, 19].map((group) => groupId(group));

/** A message in the name of node `as`, mostly about groups that exist. Null: not this one. */
function forge(prng: Prng, as: number, to: number): NodeMessage | null {
  const from = nodeId(as);
  const message = randomMessage(prng);
  // A catalogue that is not vouched for is believed: there is no proof of identity between nodes.
  if (message.kind === CATALOGUE) return { ...message, from, isAuthoritative: true };
  if (message.kind === PAXOS_FRAME) {
    const messages = message.messages.map((one) => ({
      ...one, from, to: nodeId(to), group: prng.pick(GROUPS), entries: [],
    }));
    return { ...message, from, messages };
  }
  if (message.kind !== REQUEST) return { ...message, from };
  const { kind } = message.work;
  // Whoever may write may also delete tables and drain nodes: that is no accident of bytes.
  return kind === "table-work" || kind === "admin" || kind === "register"
    ? null : { ...message, from, group: prng.pick(GROUPS) };
}

async function harass(node: NodeUnderTest, as: number, to: number, prng: Prng): Promise<void> {
  const { clusterId } = JSON.parse(readFileSync(join(node.dataDir, "node.json"), "utf8")) as { clusterId: string };
  const socket = connect({ host: HOST, port: Number((await node.peerAddress()).split(":")[1]) });
  let problem = "";
  socket.on("error", (error) => {
    problem = error.message;
  });
  socket.resume();
  const identity = { clusterId, node: as, incarnation: Date.now(), uuid: "impostor", zone: "z", address: "" };
  socket.write(helloFrame({ ...identity, role: "node", receiver: to }));
  for (let sent = 0; sent < MESSAGES; sent++) {
    const message = forge(prng, as, to);
    if (message === null) continue;
    const writer = beginFrame(MESSAGE);
    encodeNodeMessage(writer, nodeId(prng.chance(1, 3) ? 32_768 + to : to), message, null);
    socket.write(sealFrame(writer) as Uint8Array);
    if (sent % PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise<void>((resolve) => socket.end(() => resolve()));
  assert.equal(problem, "", "the connection was kept: every message was well formed");
}

test("whatever an impostor says, the nodes live on and keep what they have", async (context) => {
  const given = process.env["STATOR_SEED"];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  console.log(`STATOR_SEED=${seed}`);
  const cluster = new ClusterUnderTest(context);
  const [endpoint = ""] = await cluster.begin(3);
  const client = cluster.client(endpoint, 10);
  await client.send(new CreateTableCommand({
    TableName: TABLE, BillingMode: "PAY_PER_REQUEST", Tags: [{ Key: "stator:partitions", Value: "2" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: TABLE });
  for (let i = 0; i < ITEMS; i++) {
    await client.send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: `item ${i}` } } }));
  }
  const { nodes } = await statusOf(endpoint);
  const prng = new Prng(seed);
  for (const [i, node] of cluster.nodes.entries()) {
    const address = await node.peerAddress();
    await harass(node, 100 + i, nodes.find((one) => one.address === address)?.id ?? 0, prng);
  }
  for (let i = 0; i < ITEMS; i++) {
    const got = await client.send(new GetItemCommand({
      TableName: TABLE, Key: { pk: { S: `item ${i}` } }, ConsistentRead: true,
    }));
    assert.ok(got.Item !== undefined, `item ${i}`);
  }
  for (const node of cluster.nodes) assert.ok(node.isRunning, node.err);
});
