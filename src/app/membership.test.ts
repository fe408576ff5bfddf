// Making a cluster step by step, cut short at every step, in one process.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { contact } from "../runtime/tcp/contact.ts";
import { Prng } from "../base/prng.ts";
import { StartError } from "./embedded-options.ts";
import { initCluster } from "./init-cluster.ts";
import { answerOf, questionOf, type Answer, type Question } from "./membership-talk.ts";
import { NodeDirectory } from "./node-directory.ts";
import type { NodeOptions } from "./node-options.ts";
import { NodeProcess } from "./node-process.ts";

const STRANGER = { clusterId: "", node: 0, incarnation: 0, uuid: "stranger", zone: "", address: "" };
const HOST = "127.0.0.1";

class Waiting {
  readonly processes: NodeProcess[] = [];
  readonly folder: string;
  readonly told: string[] = [];

  constructor(context: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), "stator-membership-"));
    context.after(async () => {
      await Promise.all(this.processes.map((one) => one.stop()));
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  async add(zone: string, joinAt: readonly string[] = []): Promise<NodeProcess> {
    const options: NodeOptions = {
      zone, dataDir: join(this.folder, `n${this.processes.length}`), listenHost: HOST, listenPort: 0, advertise: null,
      isInsecureAllowed: false, join: joinAt, apiHost: HOST, apiPort: 0, credentials: null, partitionsPerTable: 2,
      capacity: 100, region: "us-east-1", logLevel: "silent", tell: (line) => void this.told.push(line),
    };
    const made = await NodeProcess.open(options);
    this.processes.push(made);
    return made;
  }

  get addresses(): readonly string[] {
    return this.processes.map(({ peerAddress }) => peerAddress);
  }
}

async function ask(address: string, question: Question): Promise<Answer> {
  const reached = await contact(address, STRANGER, question, 5_000);
  assert.ok(reached.ok, reached.ok ? "" : reached.reason);
  const answer = answerOf(reached.answer);
  assert.ok(answer !== null);
  return answer;
}

test("an init that was cut short at any step is finished by the next one, with the same identities", async (context) => {
  for (let noted = 0; noted <= 3; noted++) {
    for (let begun = 0; begun <= (noted === 3 ? 2 : 0); begun++) {
      const nodes = new Waiting(context);
      for (const zone of ["a", "b", "c"]) await nodes.add(zone);
      const founders = await Promise.all(nodes.addresses.map(async (address, i) => {
        const who = await ask(address, { kind: "who" });
        assert.equal(who.kind, "who");
        const { uuid, zone } = who as Extract<Answer, { kind: "who" }>;
        return { id: i + 1, uuid, zone, address, capacity: 100 };
      }));
      const plan = { clusterId: "half", founders };
      for (const address of nodes.addresses.slice(0, noted)) {
        assert.deepEqual(await ask(address, { kind: "plan", plan }), { kind: "ok" });
      }
      for (const address of nodes.addresses.slice(0, begun)) {
        assert.deepEqual(await ask(address, { kind: "begin", clusterId: "half" }), { kind: "ok" });
      }
      const made = await initCluster([...nodes.addresses].reverse(), () => undefined);
      assert.equal(made.clusterId === "half", noted > 0, `${noted} noted, ${begun} begun`);
      for (const [i, address] of nodes.addresses.entries()) {
        const who = (await ask(address, { kind: "who" })) as Extract<Answer, { kind: "who" }>;
        assert.deepEqual([who.state, who.clusterId], ["member", made.clusterId]);
        if (noted > 0) assert.equal(who.nodeId, i + 1);
      }
    }
  }
});

test("a member refuses another cluster; a planned node begins when a founder has", async (context) => {
  const nodes = new Waiting(context);
  const first = await nodes.add("a");
  const second = await nodes.add("b", [first.peerAddress]);
  const third = await nodes.add("c");
  const founders = await Promise.all(nodes.addresses.map(async (address, i) => {
    const { uuid, zone } = (await ask(address, { kind: "who" })) as Extract<Answer, { kind: "who" }>;
    return { id: i + 1, uuid, zone, address, capacity: 100 };
  }));
  const plan = { clusterId: "one", founders };
  for (const address of nodes.addresses) await ask(address, { kind: "plan", plan });
  const isReady = second.ready();
  await ask(first.peerAddress, { kind: "begin", clusterId: "one" });
  const other = { clusterId: "two", founders };
  const refused = await ask(first.peerAddress, { kind: "plan", plan: other });
  assert.deepEqual(refused, { kind: "refused", reason: "it belongs to cluster one already" });
  assert.equal((await ask(third.peerAddress, { kind: "begin", clusterId: "two" })).kind, "refused");
  assert.equal((await ask(first.peerAddress, { kind: "register", work: work("z") })).kind, "not-now");
  for (let i = 0; i < 400; i++) {
    const who = (await ask(second.peerAddress, { kind: "who" })) as Extract<Answer, { kind: "who" }>;
    if (who.state === "member") break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const who = (await ask(second.peerAddress, { kind: "who" })) as Extract<Answer, { kind: "who" }>;
  assert.deepEqual([who.state, who.clusterId, who.nodeId], ["member", "one", 2]);
  await second.stop();
  assert.equal(await isReady, null);
});

function work(zone: string): Extract<Question, { kind: "register" }>["work"] {
  return { kind: "register", uuid: "0123456789abcdef", zone, address: "h:1", capacity: 1 };
}

test("too few zones, a plan without the node, and one address twice are refused", async (context) => {
  const nodes = new Waiting(context);
  for (const zone of ["a", "a", "b"]) await nodes.add(zone);
  const [address = ""] = nodes.addresses;
  await assert.rejects(initCluster(nodes.addresses, () => undefined), /in three zones/);
  await assert.rejects(initCluster([address, address, address], () => undefined), /same node/);
  const strangers = ["x", "y", "z"].map((zone, i) => (
    { id: i + 1, uuid: `uuid-${zone}`, zone, address: "h:1", capacity: 1 }
  ));
  const refused = await ask(address, { kind: "plan", plan: { clusterId: "c", founders: strangers } });
  assert.deepEqual(refused, { kind: "refused", reason: "the plan does not name this node" });
});

test("questions and answers from outside are looked at before they are used", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  const prng = new Prng(seed);
  const words: readonly unknown[] = [null, 0, -1, 1.5, "", "who", "plan", [], {}, { kind: "plan" }, new Uint8Array(2)];
  for (let i = 0; i < 2_000; i++) {
    const value = { kind: prng.pick(["who", "plan", "begin", "register", "ok", 7]), [prng.pick(["plan", "work", "x"])]: prng.pick(words) };
    assert.equal(questionOf(value), null);
    assert.equal(answerOf(value), null);
  }
  assert.deepEqual(questionOf({ kind: "who" }), { kind: "who" });
});

test("a directory keeps its identity through its states, and is refused when it is damaged", (context) => {
  const path = mkdtempSync(join(tmpdir(), "stator-directory-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  const directory = NodeDirectory.open(path, "a");
  const { uuid } = directory;
  const founders = ["a", "b", "c"].map((zone, i) => (
    { id: i + 1, uuid: i === 0 ? uuid : `u${i}`, zone, address: `h:${i}`, capacity: 1 }
  ));
  const lives = [directory.beginLife(), directory.beginLife()];
  assert.ok((lives[1] ?? 0) > (lives[0] ?? 0));
  assert.equal(directory.plan({ clusterId: "c", founders }), null);
  assert.equal(NodeDirectory.open(path, "a").state, "planned");
  assert.equal(directory.begin("d"), "it belongs to cluster c");
  assert.equal(directory.begin("c"), null);
  const again = NodeDirectory.open(path, "a");
  assert.deepEqual([again.uuid, again.state, again.nodeId, again.clusterId], [uuid, "member", 1, "c"]);
  assert.ok(again.beginLife() > (lives[1] ?? 0));
  again.writePeers({ self: "h:9", peers: [{ id: 2, address: "h:1" }], system: [1, 2, 3] });
  assert.equal(NodeDirectory.open(path, "a").readPeers().self, "h:9");
  writeFileSync(join(path, "peers.json"), "[1");
  assert.deepEqual(again.readPeers(), { self: "", peers: [], system: [] });
  assert.throws(() => NodeDirectory.open(path, "b"), /does not change its zone/);
  again.noteBegun();
  assert.throws(() => NodeDirectory.open(path, "a"), /has lost its log/);

  const file = join(path, "node.json");
  const good = readFileSync(file, "utf8");
  for (const [from, to] of [
    ['"format": 1', '"format": 2'], ['"nodeId": 1', '"nodeId": 0'], ['"state": "member"', '"state": "king"'],
    ['"uuid"', '"uid"'], ["{", "["], ['"begun": true', '"begun": 1'],
  ] as const) {
    assert.ok(good.includes(from));
    writeFileSync(file, good.replace(from, to));
    assert.throws(() => NodeDirectory.open(path, "a"), StartError, to);
  }
  assert.ok(existsSync(file));
});
