import assert from "node:assert/strict";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { crc32 } from "node:zlib";
import { test, type TestContext } from "node:test";
import { ballotFrom, epoch, groupId, lsn, nodeId, type NodeId } from "../../base/ids.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import {
  CATALOGUE_ASK, PAXOS_FRAME, REPLY, REQUEST, type NodeMessage, type PaxosFrame, type Request,
} from "../../wire/data-messages.ts";
import { makeEntry } from "../../wire/record-checksum.ts";
import { ACCEPT, type PaxosMessage } from "../../wire/paxos-messages.ts";
import { WRITE } from "../../wire/log-record.ts";
import { NodeClock } from "../node-clock.ts";
import { NodeRandom } from "../node-random.ts";
import { contact } from "./contact.ts";
import { MESSAGE, plainFrame } from "./frames.ts";
import { helloFrame, type Identity } from "./greeting.ts";
import { LINK_LIMITS, type LinkLimits } from "./limits.ts";
import { TcpNetwork } from "./tcp-network.ts";

const HOST = "127.0.0.1";
const WAIT_MS_MAX = 20_000;

type Told = { readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

class Node {
  readonly network: TcpNetwork;
  readonly got: NodeMessage[] = [];
  readonly told: Told[] = [];
  readonly refusals: string[] = [];
  readonly self: NodeId;
  address = "";

  constructor(identity: Identity, limits: Partial<LinkLimits> = {}) {
    const telemetry: Telemetry = {
      event: (_, __, message, fields) => void this.told.push({ message, fields: fields ?? {} }),
    };
    this.self = nodeId(Math.max(1, identity.node));
    this.network = new TcpNetwork({
      clock: new NodeClock(), random: new NodeRandom(), telemetry, identity, limits,
      onAsk: (question, answer) => answer({ question }),
      onRefused: (_, code) => void this.refusals.push(code),
    });
  }

  static async start(context: TestContext, node: number, more: Partial<Identity & LinkLimits> = {}): Promise<Node> {
    const { clusterId = "c1", incarnation = 1, ...limits } = more;
    const identity = { clusterId, node, incarnation, uuid: `u${node}`, zone: "az1", address: "" };
    const made = new Node(identity, limits);
    context.after(() => made.network.close());
    const { port } = await made.network.listen(HOST, 0);
    made.address = `${HOST}:${port}`;
    made.network.become({ ...identity, address: made.address });
    if (node > 0) made.network.attach(nodeId(node), (message) => void made.got.push(message));
    return made;
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!isSo()) {
    assert.ok(performance.now() < end, `${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function ask(from: number, id: number, group = 16): Request {
  return { kind: REQUEST, from: nodeId(from), id, group: groupId(group), work: { kind: "status" }, bytesMax: 0 };
}

function paxos(from: number, to: number, bytes: number, mark: number): PaxosFrame {
  const group = groupId(16);
  const message: PaxosMessage = {
    kind: ACCEPT, from: nodeId(from), to: nodeId(to), group, epoch: epoch(1), ballot: ballotFrom(65_537), lsn: lsn(0),
    lastLsn: lsn(mark), lastBallot: ballotFrom(0), commit: lsn(0), floor: lsn(0), sentAt: 0, flag: false,
    released: ballotFrom(0), entries: [makeEntry(WRITE, group, lsn(mark), ballotFrom(65_537), new Uint8Array(bytes))],
  };
  return { kind: PAXOS_FRAME, from: nodeId(from), clockMs: 1, messages: [message] };
}

async function pair(context: TestContext): Promise<readonly [Node, Node]> {
  const a = await Node.start(context, 1);
  const b = await Node.start(context, 2);
  a.network.learn(2, b.address);
  return [a, b];
}

test("messages go both ways, to nodes and to routers, and in order", async (context) => {
  const [a, b] = await pair(context);
  const routed: NodeMessage[] = [];
  a.network.attach(nodeId(32_769), (message) => void routed.push(message));
  for (let id = 1; id <= 500; id++) a.network.send(b.self, ask(32_769, id));
  await until("500 requests", () => b.got.length === 500);
  assert.deepEqual(b.got.map((message) => (message as Request).id), Array.from({ length: 500 }, (_, i) => i + 1));
  // b was told a's address by the greeting alone.
  const reply: NodeMessage = { kind: REPLY, from: b.self, id: 7, outcome: { kind: "done" } };
  b.network.send(nodeId(32_769), reply);
  await until("a reply", () => routed.length === 1);
  assert.deepEqual(routed, [reply]);
  const large = paxos(1, 2, 3_000_000, 9);
  a.network.send(b.self, large);
  a.network.send(b.self, { kind: CATALOGUE_ASK, from: a.self });
  await until("a large frame", () => b.got.length === 502);
  assert.deepEqual(b.got.slice(500), [large, { kind: CATALOGUE_ASK, from: a.self }]);
});

test("a request to a node that does not run is answered in its name", async (context) => {
  const a = await Node.start(context, 1);
  a.network.learn(2, `${HOST}:1`);
  a.network.send(nodeId(2), ask(1, 5)); // while it dials
  a.network.send(nodeId(9), ask(1, 6)); // of no known address
  await until("answers", () => a.got.length === 2);
  a.network.send(nodeId(2), ask(1, 7)); // while it is down
  await until("a third answer", () => a.got.length === 3);
  const answers = a.got.map((message) => (message.kind === REPLY ? [message.id, message.from, message.outcome.kind] : []));
  assert.deepEqual(answers.sort(), [[5, 2, "redirect"], [6, 9, "redirect"], [7, 2, "redirect"]]);
});

test("a process that comes back is linked again, and nothing is sent twice", async (context) => {
  const [a, b] = await pair(context);
  a.network.send(b.self, ask(1, 1));
  await until("a request", () => b.got.length === 1);
  await b.network.close();
  await until("the link is down", () => !a.network.isLinked(2));
  const second = await Node.start(context, 2, { incarnation: 2 });
  a.network.learn(2, second.address);
  await until("the link is up", () => a.network.isLinked(2));
  a.network.send(b.self, ask(1, 2));
  await until("a request to the new life", () => second.got.length === 1);
  assert.deepEqual(second.got, [ask(1, 2)]);
});

test("a node that is forgotten is told of it while it is connected, and not dialled afterwards", async (context) => {
  const [a, b] = await pair(context);
  a.network.send(b.self, ask(1, 1));
  b.network.learn(1, a.address);
  await until("links both ways", () => b.got.length === 1 && a.network.isLinked(2) && b.network.isLinked(1));
  a.network.forget(2);
  a.network.send(b.self, { kind: CATALOGUE_ASK, from: a.self });
  await until("a message after that", () => b.got.length === 2);
  await b.network.close();
  await until("the link is given up", () => a.network.addressesOf(2).length === 0);
  a.network.send(b.self, ask(1, 3));
  await until("an answer in its name", () => a.got.length === 1);
});

test("another cluster is refused on both sides", async (context) => {
  const a = await Node.start(context, 1);
  const b = await Node.start(context, 2, { clusterId: "c2" });
  a.network.learn(2, b.address);
  a.network.send(b.self, paxos(1, 2, 5, 1));
  await until("both sides tell", () => a.told.some(({ message }) => /belongs to cluster c2/.test(message))
    && b.told.some(({ message }) => /belongs to cluster c2, not to c1/.test(message)));
  assert.deepEqual(b.got, []);
  assert.ok(a.refusals.includes("cluster"));
});

test("a connection to the wrong node is refused", async (context) => {
  const a = await Node.start(context, 1);
  const c = await Node.start(context, 3);
  a.network.learn(2, c.address);
  await until("the refusal", () => a.refusals.includes("receiver"));
  assert.ok(c.told.some(({ message }) => /this is node 3, not node 2/.test(message)));
});

test("a second process with the same identity is refused while the first lives, an older life always", async (context) => {
  const a = await Node.start(context, 1);
  const first = await Node.start(context, 2, { incarnation: 5 });
  first.network.learn(1, a.address);
  await until("the first is linked", () => first.network.isLinked(1));
  const copy = await Node.start(context, 2, { incarnation: 6 });
  copy.network.learn(1, a.address);
  await until("the copy is refused", () => copy.refusals.includes("duplicate"));
  assert.ok(first.network.isLinked(1));
  await first.network.close();
  await until("the later life is let in", () => copy.network.isLinked(1));
  const old = await Node.start(context, 2, { incarnation: 4 });
  old.network.learn(1, a.address);
  await until("the older life is refused", () => old.refusals.includes("older"));
  assert.ok(copy.network.isLinked(1));
});

test("garbage closes the connection with a reason, and nothing else happens", async (context) => {
  const a = await Node.start(context, 1, { greetingMs: 300 });
  const hello = { clusterId: "c1", node: 2, incarnation: 1, uuid: "u", zone: "z", address: "", receiver: 1 };
  const greeting = helloFrame({ ...hello, role: "node" });
  const damaged = greeting.slice();
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  const future = helloFrame({ ...hello, role: "node" });
  const cases: readonly (readonly [string, readonly Uint8Array[], RegExp])[] = [
    ["a request of HTTP", [Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")], /a frame of \d+ bytes/],
    ["a wrong checksum", [damaged], /checksum is wrong/],
    ["a message before the hello", [plainFrame(MESSAGE, 1)], /no hello/],
    ["nothing", [], /no hello came in time/],
    ["a malformed message", [greeting, plainFrame(MESSAGE, { a: 1 })], /malformed|unknown kind|no address|too short/],
    ["a second hello", [greeting, future], /not expected/],
  ];
  for (const [what, parts, reason] of cases) {
    const said = await exchange(a.address, parts);
    assert.match(said.toString("latin1"), reason, what);
  }
  assert.deepEqual(a.got, []);
});

/** Everything that comes back until the other side closes. */
function exchange(address: string, parts: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: HOST, port: Number(address.split(":")[1]) });
    const chunks: Buffer[] = [];
    for (const part of parts) socket.write(part);
    socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}

test("a node of a newer protocol is refused with both versions", async (context) => {
  const a = await Node.start(context, 1);
  const hello = { clusterId: "c1", node: 2, incarnation: 1, uuid: "u", zone: "z", address: "", receiver: 1 };
  const bytes = helloFrame({ ...hello, role: "node" });
  // The versions stand behind the frame's head, its type and the magic; the checksum is made anew.
  const view = new DataView(bytes.buffer);
  view.setUint16(15, 7, true);
  view.setUint16(17, 9, true);
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  assert.match((await exchange(a.address, [bytes])).toString("latin1"), /speaks protocols 7 to 9/);
});

test("a stranger asks and is answered; a node without identity can be asked", async (context) => {
  const empty = await Node.start(context, 0, { clusterId: "" });
  const stranger = { clusterId: "", node: 0, incarnation: 0, uuid: "s", zone: "", address: "" };
  const asked = await contact(empty.address, stranger, { what: [1, "é", null] }, 5_000);
  assert.ok(asked.ok);
  assert.equal(asked.peer.node, 0);
  assert.deepEqual(asked.answer, { question: { what: [1, "é", null] } });
  const nobody = await contact(`${HOST}:1`, stranger, {}, 5_000);
  assert.ok(!nobody.ok && nobody.isSilent);
});

test("towards a peer that does not read, memory is bounded and silence is found", async (context) => {
  const server: Server = createServer((socket) => {
    socket.pause();
    context.after(() => void socket.destroy());
    socket.once("readable", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  context.after(() => void server.close());
  const a = await Node.start(context, 1, { greetingMs: 200 });
  a.network.learn(2, `${HOST}:${(server.address() as AddressInfo).port}`);
  a.network.send(nodeId(2), ask(1, 1));
  await until("the request comes back", () => a.got.length === 1);
});

test("a frozen peer's link ends; the queue towards it kept its bounds", async (context) => {
  const relay = await FrozenRelay.start(context);
  const limits = {
    paxosQueueBytesMax: 30_000_000, requestQueueBytesMax: 2_000, sweepMs: 100, socketBytesMax: 64 * 1024,
  }; // more Paxos frames than the buffers of the system take: the requests behind them are certainly not sent
  const a = await Node.start(context, 1, limits);
  const b = await Node.start(context, 2, { sweepMs: 100 });
  relay.target = Number(b.address.split(":")[1]);
  a.network.learn(2, relay.address);
  await until("the link is up", () => a.network.isLinked(2));
  relay.freeze();
  for (let i = 1; i <= 40; i++) a.network.send(b.self, paxos(1, 2, 1_000_000, i));
  for (let id = 1; id <= 200; id++) a.network.send(b.self, ask(1, id));
  await until("requests beyond the bound come back", () => a.got.length > 100);
  assert.ok(a.network.queuedBytes(2) < 31_200_000, `${a.network.queuedBytes(2)} bytes wait`);
  await until("the silence is found", () => !a.network.isLinked(2));
  await until("no request is left", () => a.got.length === 200);
  assert.equal(a.network.queuedBytes(2), 0);
});

/** Passes bytes on until it is frozen; then it keeps connections open and silent. */
class FrozenRelay {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  #isFrozen = false;
  target = 0;

  private constructor(context: TestContext) {
    this.#server = createServer((near) => {
      const far = connect({ host: HOST, port: this.target });
      this.#sockets.push(near, far);
      for (const socket of [near, far]) socket.on("error", () => undefined);
      near.on("data", (bytes) => void far.write(bytes));
      far.on("data", (bytes) => void near.write(bytes));
      if (this.#isFrozen) this.freeze();
      context.after(() => {
        near.destroy();
        far.destroy();
      });
    });
    context.after(() => void this.#server.close());
  }

  static async start(context: TestContext): Promise<FrozenRelay> {
    const relay = new FrozenRelay(context);
    await new Promise<void>((resolve) => relay.#server.listen(0, HOST, resolve));
    return relay;
  }

  get address(): string {
    return `${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.pause();
  }
}

test("limits are in order", () => {
  assert.ok(LINK_LIMITS.pingSweeps * 2 < LINK_LIMITS.silentSweepsMax, "two pings may be lost");
});
