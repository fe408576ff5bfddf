// The event loop's order and hash, clocks, network and object store.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { EVENT_CLIENT, EVENT_NEMESIS, EventLoop, WORLD } from "./event-loop.ts";
import { SimClock } from "./sim-clock.ts";
import { SimNetwork, type LinkFaults } from "./sim-network.ts";
import { SimObjectStore } from "./sim-object-store.ts";
import { nodeRandom } from "./sim-random.ts";
import { TelemetryRecorder } from "./sim-telemetry.ts";

const CALM: LinkFaults = {
  delayUsMin: 100, delayUsMax: 100, quantumUs: 1, lossPerMille: 0, duplicatePerMille: 0, slowPerMille: 0, slowUsMax: 0,
};
const TRUE_CLOCK = { startMs: 0, rate: 1, wallOffsetMs: 0 };

test("events run by time, then in the order asked for, also across heap and queue", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const prng = new Prng(seed);
  const loop = new EventLoop();
  const ran: [number, number][] = [];
  let count = 0;
  const add = (): void => {
    const id = count++;
    const at = loop.nowUs + prng.below(5);
    loop.schedule(at, EVENT_CLIENT, WORLD, 0, () => {
      assert.equal(loop.nowUs, at);
      ran.push([at, id]);
      if (count < 2000) {
        add();
        if (prng.chance(1, 2)) add();
      }
    });
  };
  for (let i = 0; i < 5; i++) add();
  loop.runUntil(1_000_000);
  assert.equal(ran.length, count);
  const sorted = [...ran].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  assert.deepEqual(ran, sorted, `seed ${seed}`);
});

test("the hash tells histories apart and repeats for the same one", () => {
  const run = (digest: number): string => {
    const loop = new EventLoop();
    for (let i = 0; i < 10; i++) loop.schedule(i, EVENT_CLIENT, 1, i === 5 ? digest : i, () => {});
    loop.runUntil(100);
    return loop.hash;
  };
  assert.equal(run(1), run(1));
  assert.notEqual(run(1), run(2));
});

test("a paused target's events wait and then run in order, others go on", () => {
  const loop = new EventLoop();
  const ran: string[] = [];
  loop.schedule(10, EVENT_CLIENT, 1, 0, () => ran.push("a1"));
  loop.schedule(20, EVENT_CLIENT, 2, 0, () => ran.push("b"));
  loop.schedule(30, EVENT_CLIENT, 1, 0, () => ran.push("a2"));
  loop.schedule(40, EVENT_CLIENT, 1, 0, () => ran.push("a3"));
  loop.schedule(40, EVENT_NEMESIS, WORLD, 0, () => loop.resume(1));
  loop.pause(1);
  loop.runUntil(100);
  assert.deepEqual(ran, ["b", "a1", "a2", "a3"]);
});

test("a clock's timers obey its own rate, also when the rate changes, and stop with it", () => {
  const loop = new EventLoop();
  const slow = new SimClock(loop, 1, { ...TRUE_CLOCK, rate: 0.8 });
  let firedUs = 0;
  slow.setTimer(8, () => (firedUs = loop.nowUs));
  loop.runUntil(20_000);
  assert.equal(firedUs, 10_000);
  let local = 0;
  const start = slow.monotonicMs();
  slow.setTimer(8, () => (local = slow.monotonicMs() - start));
  loop.runUntil(21_000);
  slow.setRate(0.6);
  loop.runUntil(60_000);
  assert.ok(local >= 8 && local < 8.1);
  const cleared = slow.setTimer(1, () => assert.fail("cleared"));
  slow.clearTimer(cleared);
  slow.setTimer(1, () => assert.fail("after stop"));
  slow.endOfTurn(() => assert.fail("after stop"));
  slow.stop();
  loop.runUntil(100_000);
});

test("the end of a turn comes after all that is due at this instant", () => {
  const loop = new EventLoop();
  const clock = new SimClock(loop, 1, TRUE_CLOCK);
  const ran: string[] = [];
  loop.schedule(5, EVENT_CLIENT, 1, 0, () => {
    ran.push("first");
    clock.endOfTurn(() => ran.push("end"));
  });
  loop.schedule(5, EVENT_CLIENT, 1, 0, () => ran.push("second"));
  loop.runUntil(10);
  assert.deepEqual(ran, ["first", "second", "end"]);
});

test("the network delivers, cuts one way, clogs, loses and duplicates", () => {
  const loop = new EventLoop();
  const traits = { digest: (message: number) => message, isOnce: (message: number) => message >= 100 };
  const network = new SimNetwork<number>(loop, new Prng(1), CALM, traits);
  const [one, two] = [nodeId(1), nodeId(2)];
  const got: [number, number][] = [];
  network.attach(one, (message) => got.push([loop.nowUs, message]));
  network.attach(two, (message) => got.push([loop.nowUs, message]));
  let isAlive = true;
  const port1 = network.port(one, () => isAlive);
  const port2 = network.port(two, () => true);
  port1.send(two, 1);
  loop.runUntil(100);
  assert.deepEqual(got.splice(0), [[100, 1]]);
  network.cut(one, two);
  port1.send(two, 2);
  port2.send(one, 3);
  loop.runUntil(200);
  assert.deepEqual(got.splice(0), [[200, 3]]);
  network.heal();
  network.clog(one, two, 5000);
  port1.send(two, 4);
  loop.runUntil(4999);
  assert.equal(got.length, 0);
  loop.runUntil(10_000);
  assert.deepEqual(got.splice(0).map((pair) => pair[1]), [4]);
  network.heal();
  network.setFaults({ ...CALM, lossPerMille: 1000 });
  port1.send(two, 5);
  network.setFaults({ ...CALM, duplicatePerMille: 1000 });
  port1.send(two, 6);
  port1.send(two, 100);
  isAlive = false;
  port1.send(two, 7);
  loop.runUntil(20_000);
  assert.deepEqual(got.splice(0).map((pair) => pair[1]), [6, 6, 100]);
  isAlive = true;
  port1.send(two, 101);
  port1.send(two, 8);
  network.attach(two, (message) => got.push([loop.nowUs, message]));
  loop.runUntil(30_000);
  assert.deepEqual(got.splice(0).map((pair) => pair[1]), [8, 8], "a connection ends with its receiver's life");
});

test("random streams differ by node and life and repeat for a seed", () => {
  const draw = (seed: number, node: number, life: number): number => nodeRandom(seed, node, life).u32();
  assert.equal(draw(1, 1, 1), draw(1, 1, 1));
  assert.equal(new Set([draw(1, 1, 1), draw(1, 2, 1), draw(1, 1, 2), draw(2, 1, 1)]).size, 4);
});

test("only errors that were not injected count", () => {
  const recorder = new TelemetryRecorder(new EventLoop(), (record) => record.node === 2);
  recorder.port(1).event("warn", "wal", "slow");
  recorder.port(1).event("error", "wal", "failed");
  recorder.port(2).event("error", "wal", "failed");
  assert.deepEqual(recorder.errors.map((record) => record.node), [1]);
  assert.equal(recorder.counts.get("wal: failed"), 2);
});

test("the object store keeps the first of two puts, lists in order and survives failures", () => {
  const loop = new EventLoop();
  const faults = { delayUsMin: 10, delayUsMax: 50, failPerMille: 0, listLagUs: 0 };
  const world = new SimObjectStore(loop, new Prng(3), faults);
  const store = world.port(1, () => true);
  const seen: unknown[] = [];
  const settle = (): unknown[] => {
    loop.runUntil(loop.nowUs + 1000);
    return seen.splice(0);
  };
  store.putIfAbsent("b", new Uint8Array([1]), (result) => seen.push(result));
  assert.deepEqual(settle(), ["done"]);
  store.putIfAbsent("b", new Uint8Array([2]), (result) => seen.push(result));
  assert.deepEqual(settle(), ["exists"]);
  store.putIfAbsent("a", new Uint8Array([3]), (result) => seen.push(result));
  settle();
  store.get("b", (result) => seen.push(result));
  assert.deepEqual(settle(), [{ kind: "object", bytes: new Uint8Array([1]) }]);
  store.list("", "", (result) => seen.push(result));
  const all = [{ name: "a", bytes: 1 }, { name: "b", bytes: 1 }];
  assert.deepEqual(settle(), [{ kind: "list", objects: all, hasMore: false }]);
  store.delete("b", (error) => seen.push(error));
  assert.deepEqual(settle(), [null]);
  store.get("b", (result) => seen.push(result));
  assert.deepEqual(settle(), [null]);
  world.setOutage(true);
  store.putIfAbsent("c", new Uint8Array([1]), (result) => seen.push(result));
  assert.equal((settle()[0] as { code: string }).code, "unavailable");
  world.setOutage(false);
  store.get("c", (result) => seen.push(result));
  assert.deepEqual(settle(), [null]);
  world.setFaults({ ...faults, failPerMille: 1000 });
  let tookEffect = 0;
  for (let i = 0; i < 40; i++) store.putIfAbsent(`x${i}`, new Uint8Array(1), (result) => seen.push(result));
  assert.ok(settle().every((result) => typeof result === "object"));
  world.setFaults(faults);
  for (let i = 0; i < 40; i++) store.get(`x${i}`, (result) => (tookEffect += result === null ? 0 : 1));
  settle();
  assert.ok(tookEffect > 0 && tookEffect < 40, "some failed puts took effect");
});
