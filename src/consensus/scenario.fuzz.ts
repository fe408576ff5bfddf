// A small language for known hard cases of the protocol: real Groups, one shared clock, every link and disk under
// control. One command per line; `#` begins a comment. Nothing random: node N's jitter is (N - 1) * 100 ms.
//
//   nodes 3 [tail=B] [message=B]  how many replicas, optionally with small limits in bytes
//   spares 2                      nodes without a replica, numbered on from there
//   campaign N | elect N          canvass at once; elect also settles and expects N to serve
//   propose N a b … | refuse N a  proposes values; refuse expects that N takes nothing
//   settle | pass MS              deliver all that is under way; let time pass in steps of 5 ms
//   cut A>B … | heal              messages on these links are lost
//   mute N [K]                    N's Accepts are lost, after K more that arrive
//   unmute N
//   hold A>B …                    messages on these links wait
//   release [reversed] [twice]    the waiting messages arrive, and nothing is held any more
//   stall N | unstall N           syncs of N's disk do not return; unstall completes them
//   crash N | restart N [void]    what was not synced is lost; void: no lease of before can be alive
//   checkpoint N                  what N applied is in its tree, its log is released up to the floor
//   handover A B                  orderly, from A to B; nohandover expects that it does not begin
//   stepdown N                    N gives its lead up at once
//   distrust N | trust N          N's clock is found to be wrong, and right again
//   log N = . a b                 N's log from LSN 1, `.` a no-op, `+` a change, `/` a split, `_` before its base
//   applied N = 3 | floor N = 3   LSNs
//   role N = leader | lease N = live | lease N = none | serving N = yes
//   reads N > K                   N asked its disk for entries more than K times
//
// Membership. A replica is written as its node, with L for a log replica and ? when it does not vote: 1 2 3L 4L?
//
//   place N                       a joining replica begins on the spare node N
//   wipe N                        its replica is dropped, with all it promised
//   tree N                        the tree at N is whole as far as it applied: it may lead
//   change N 1 2 3L               asks N for this configuration; `unchanged N busy 1 2 3L` expects that answer
//   split N | nosplit N           proposes the split of the group; nosplit expects that it is not taken
//   members N = 1 2 3L            the configuration in force at N
//   removed N = yes               N was told that it is no member
import assert from "node:assert/strict";
import { must } from "../base/assert.ts";
import { groupId, nodeId, type NodeId } from "../base/ids.ts";
import { initialConfiguration, LOG, STORAGE, type Replica } from "../wire/group-configuration.ts";
import { BASE, CONFIG, NOOP, PROMISE, SPLIT, WRITE, type LogEntry } from "../wire/log-record.ts";
import { ACCEPT, type PaxosMessage } from "../wire/paxos-messages.ts";
import { CoreChecker } from "./core-sim-checker.fuzz.ts";
import { readEntries, recoverFrom, type SimDisk } from "./core-sim-parts.fuzz.ts";
import { Group } from "./group.ts";
import { DEFAULT_LIMITS, type GroupLimits } from "./limits.ts";
import type { GroupTiming, Ready } from "./ready.ts";

const TIMING: GroupTiming = {
  leaseMs: 300, leaseDriftMs: 30, heartbeatMs: 60, electionJitterMs: 600, resendMs: 70,
};
const STEP_MS = 5;

type Unsynced = { readonly records: number; readonly token: number; readonly messages: readonly PaxosMessage[] };
type Node = SimDisk & {
  readonly id: NodeId;
  core: Group | null;
  life: number;
  delivered: number;
  unsynced: Unsynced[];
  isStalled: boolean;
  reads: number;
  isFounder: boolean;
  isRemoved: boolean;
};

export function runScenario(text: string): void {
  const world = new ScenarioWorld();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = (raw.split("#")[0] ?? "").trim();
    if (line === "") continue;
    try {
      world.command(line.split(/\s+/));
    } catch (error) {
      throw new Error(`line ${index + 1}: ${line}\n${world.describe()}`, { cause: error });
    }
  }
}

class ScenarioWorld {
  #now = 1000;
  #nodes: Node[] = [];
  #wire: PaxosMessage[] = [];
  #held: PaxosMessage[] = [];
  #cut: Set<string> = new Set();
  #hold: Set<string> = new Set();
  #limits: GroupLimits = DEFAULT_LIMITS;
  #founders = 0;
  /** Accepts that still arrive, by muted sender. */
  #muted: Map<NodeId, number> = new Map();
  readonly #checker: CoreChecker = new CoreChecker();

  command(words: readonly string[]): void {
    const [first, ...rest] = words;
    const verb: string = must(first);
    const names = rest.slice(1);
    switch (verb) {
      case "nodes": return this.#create(rest);
      case "spares": for (let i = 0; i < Number(rest[0]); i++) this.#nodes.push(this.#newNode()); return;
      case "settle": return this.#settle();
      case "pass": return this.#pass(Number(rest[0]));
      case "cut": for (const link of rest) this.#cut.add(link); return;
      case "heal": this.#cut.clear(); return;
      case "hold": for (const link of rest) this.#hold.add(link); return;
      case "release": return this.#release(rest);
    }
    const node = must(this.#nodes[Number(rest[0]) - 1], "node number");
    switch (verb) {
      case "campaign": this.#core(node).campaign(this.#now); return this.#turn(node);
      case "elect":
        this.#core(node).campaign(this.#now);
        this.#turn(node);
        this.#settle();
        assert.ok(this.#core(node).isServing(this.#now), "elected");
        return;
      case "propose": for (const name of names) assert.ok(this.#propose(node, name), "taken"); return this.#turn(node);
      case "refuse": for (const name of names) assert.ok(!this.#propose(node, name), "refused"); return;
      case "mute": this.#muted.set(node.id, Number(rest[1] ?? 0)); return;
      case "unmute": this.#muted.delete(node.id); return;
      case "stall": node.isStalled = true; return;
      case "unstall": node.isStalled = false; return;
      case "crash": return this.#crash(node);
      case "restart": return this.#start(node, rest[1] === "void");
      case "stepdown": this.#core(node).stepDown(this.#now); return this.#turn(node);
      case "distrust": this.#core(node).setClockTrusted(false, this.#now); return this.#turn(node);
      case "trust": this.#core(node).setClockTrusted(true, this.#now); return this.#turn(node);
      case "place": return this.#start(node, false);
      case "wipe": return this.#wipe(node);
      case "tree":
        node.hasTree = true;
        node.checkpoint = node.delivered;
        return this.#core(node).setMayLead(true);
      case "change": return this.#change(node, "proposed", names);
      case "unchanged": return this.#change(node, must(rest[1]), rest.slice(2));
      case "split":
        assert.ok(this.#split(node), "taken");
        return this.#turn(node);
      case "nosplit": assert.ok(!this.#split(node), "refused"); return;
      case "nohandover": assert.ok(!this.#core(node).handOver(nodeId(Number(rest[1])), this.#now), "refused"); return;
      case "checkpoint":
        node.checkpoint = node.delivered;
        node.released = Math.min(node.checkpoint, this.#core(node).floorLsn);
        return;
      case "handover":
        assert.ok(this.#core(node).handOver(nodeId(Number(rest[1])), this.#now), "hand-over begins");
        return this.#turn(node);
      default: return this.#expect(verb, node, rest.slice(1));
    }
  }

  describe(): string {
    return this.#nodes.map((n) => `${n.id}: ${this.#logOf(n)} ${JSON.stringify(n.core?.inspect())}`).join("\n");
  }

  #expect(what: string, node: Node, [operator, ...values]: readonly string[]): void {
    const value = values.join(" ");
    if (what === "reads") {
      assert.equal(operator, ">");
      assert.ok(node.reads > Number(value), `${node.reads} reads`);
      return;
    }
    assert.equal(operator, "=");
    if (what === "log") assert.equal(this.#logOf(node), value);
    else if (what === "applied") assert.equal(node.delivered, Number(value));
    else if (what === "floor") assert.equal(this.#core(node).floorLsn, Number(value));
    else if (what === "role") assert.equal(this.#core(node).inspect().role, value);
    else if (what === "lease") assert.equal(this.#core(node).isLeaseLive(this.#now) ? "live" : "none", value);
    else if (what === "members") assert.equal(describeReplicas(this.#core(node).configuration.replicas), value);
    else if (what === "removed") assert.equal(node.isRemoved ? "yes" : "no", value);
    else if (what === "serving") assert.equal(this.#core(node).isServing(this.#now) ? "yes" : "no", value);
    else assert.fail(`unknown command ${what}`);
  }

  #create(words: readonly string[]): void {
    for (const word of words.slice(1)) {
      const [name, bytes] = word.split("=");
      if (name === "tail") this.#limits = { ...this.#limits, tailBytesMax: Number(bytes) };
      else if (name === "message") this.#limits = { ...this.#limits, messageBytesMax: Number(bytes) };
      else assert.fail(`unknown limit ${word}`);
    }
    this.#founders = Number(words[0]);
    for (let i = 0; i < this.#founders; i++) this.#nodes.push(this.#newNode());
    for (const node of this.#nodes) this.#start(node, true);
  }

  #newNode(): Node {
    const id = nodeId(this.#nodes.length + 1);
    const isFounder = id <= this.#founders;
    return {
      id, core: null, life: 0, delivered: 0, unsynced: [], isStalled: false, reads: 0,
      records: [], durable: 0, checkpoint: 0, released: 0, hasTree: isFounder, isFounder, isRemoved: false,
    };
  }

  #start(node: Node, priorLeasesVoid: boolean): void {
    assert.equal(node.core, null);
    const founders = Array.from({ length: this.#founders }, (_, i) => nodeId(i + 1));
    const initial = node.isFounder ? initialConfiguration(founders) : null;
    const recovered = recoverFrom(node);
    node.life++;
    node.delivered = recovered.applied;
    node.core = new Group(
      { group: groupId(7), self: node.id, initial, timing: TIMING }, recovered, this.#now,
      { random: () => (node.id - 1) * 100, priorLeasesVoid, mayLead: node.hasTree, limits: this.#limits },
    );
    this.#turn(node);
  }

  #split(node: Node): boolean {
    return this.#core(node).propose(SPLIT, new Uint8Array(1), this.#now) !== null;
  }

  #wipe(node: Node): void {
    node.core = null;
    node.isFounder = false;
    node.hasTree = false;
    node.isRemoved = false;
    node.unsynced = [];
    node.records = [];
    node.durable = 0;
    node.checkpoint = 0;
    node.released = 0;
  }

  #change(node: Node, expected: string, names: readonly string[]): void {
    assert.equal(this.#core(node).reconfigure(names.map(readReplica), this.#now), expected);
    this.#turn(node);
  }

  #crash(node: Node): void {
    node.core = null;
    node.records.length = node.durable;
    node.unsynced = [];
    node.isStalled = false;
  }

  #core(node: Node): Group {
    return must(node.core, "the node runs");
  }

  #propose(node: Node, name: string): boolean {
    const payload = Uint8Array.from(name, (c) => c.charCodeAt(0));
    return this.#core(node).propose(WRITE, payload, this.#now) !== null;
  }

  #logOf(node: Node): string {
    const log: string[] = [];
    for (const record of node.records) {
      if (record.kind === BASE) log.splice(0, Infinity, ...Array.from({ length: record.lsn }, () => "_"));
      if (record.kind >= PROMISE) continue;
      log.length = record.lsn - 1;
      const name = record.kind === CONFIG ? "+" : record.kind === SPLIT ? "/" : String.fromCharCode(...record.payload);
      log.push(record.kind === NOOP ? "." : name);
    }
    return log.join(" ");
  }

  #turn(node: Node): void {
    const { core } = node;
    if (core === null) return;
    for (let ready = core.ready(this.#now); ready !== null; ready = core.ready(this.#now)) {
      this.#perform(node, core, ready);
    }
    const live = this.#nodes.filter((n) => n.core?.isLeaseLive(this.#now) === true);
    this.#checker.leases(live.map((n) => ({ node: n.id, delivered: n.delivered })));
  }

  #perform(node: Node, core: Group, ready: Ready): void {
    for (const record of ready.append) {
      node.records.push(record);
      if (record.kind < PROMISE) this.#checker.appended(record as LogEntry);
      if (record.kind === BASE) {
        node.delivered = record.lsn;
        node.hasTree = false;
        core.setMayLead(false);
      }
    }
    if (ready.isRemoved) node.isRemoved = true;
    this.#wire.push(...ready.send);
    if (ready.append.length > 0 || ready.sendAfterDurable.length > 0) {
      node.unsynced.push({ records: node.records.length, token: ready.token, messages: ready.sendAfterDurable });
    }
    this.#checker.delivered(node.id, node.delivered, ready.committed);
    node.delivered += ready.committed.length;
    for (const read of ready.read) {
      node.reads++;
      core.entriesRead(read.peer, readEntries(node, read.from, read.bytesMax), this.#now);
    }
    const { leadership } = ready;
    if (leadership?.role === "leader") this.#checker.leads(node.id, node.life, leadership.ballot, core.lastLsn);
  }

  /** Until nothing is under way: messages in order of sending, and syncs. */
  #settle(): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      if (!this.#deliverOne() && !this.#syncOne()) return;
    }
    assert.fail("the group does not come to rest");
  }

  #deliverOne(): boolean {
    const message = this.#wire.shift();
    if (message === undefined) return false;
    const link = `${message.from}>${message.to}`;
    if (this.#cut.has(link)) return true;
    const left = message.kind === ACCEPT ? this.#muted.get(message.from) : undefined;
    if (left === 0) return true;
    if (left !== undefined) this.#muted.set(message.from, left - 1);
    if (this.#hold.has(link)) {
      this.#held.push(message);
      return true;
    }
    const node = must(this.#nodes[message.to - 1]);
    node.core?.step(message, this.#now);
    this.#turn(node);
    return true;
  }

  #syncOne(): boolean {
    for (const node of this.#nodes) {
      if (node.isStalled || node.core === null) continue;
      const batch = node.unsynced.shift();
      if (batch === undefined) continue;
      node.durable = Math.max(node.durable, batch.records);
      node.core.durable(batch.token, this.#now);
      this.#wire.push(...batch.messages);
      this.#turn(node);
      return true;
    }
    return false;
  }

  #release(how: readonly string[]): void {
    const held = how.includes("reversed") ? this.#held.toReversed() : this.#held;
    this.#held = [];
    this.#hold.clear();
    this.#wire.push(...held);
    if (how.includes("twice")) this.#wire.push(...held);
  }

  #pass(ms: number): void {
    assert.ok(ms > 0, "time passes");
    for (const end = this.#now + ms; this.#now < end;) {
      this.#now += STEP_MS;
      for (const node of this.#nodes) {
        if (node.core === null || this.#now < node.core.nextDeadline()) continue;
        node.core.tick(this.#now);
        this.#turn(node);
      }
      this.#settle();
    }
  }
}

/** `4L?`: a log replica on node 4, without a vote. */
function readReplica(text: string): Replica {
  const parts = must(/^(\d+)(L?)(\??)$/.exec(text), "a replica");
  return { node: nodeId(Number(parts[1])), kind: parts[2] === "L" ? LOG : STORAGE, votes: parts[3] === "" };
}

function describeReplicas(replicas: readonly Replica[]): string {
  return replicas.map(({ node, kind, votes }) => `${node}${kind === LOG ? "L" : ""}${votes ? "" : "?"}`).join(" ");
}
