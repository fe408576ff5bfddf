import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { ClockGuard } from "./clock-guard.ts";

const WINDOW_MS = 8_000;
const TOLERANCE = 0.05;
const SEED: number = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

type Peer = { readonly rate: number; readonly startMs: number; readonly delayMs: (ms: number) => number };

/** Frames of all peers every 200 ms of true time, handed to a node whose own clock runs at `ownRate`. */
function run(guard: ClockGuard, peers: readonly Peer[], ownRate: number, fromMs: number, toMs: number): boolean[] {
  const arrivals: { readonly at: number; readonly peer: number; readonly theirs: number }[] = [];
  for (let sent = fromMs; sent < toMs; sent += 200) {
    peers.forEach(({ rate, startMs, delayMs }, i) => {
      arrivals.push({ at: sent + delayMs(sent), peer: i + 2, theirs: startMs + sent * rate });
    });
  }
  arrivals.sort((a, b) => a.at - b.at);
  const verdicts: boolean[] = [];
  for (const { at, peer, theirs } of arrivals) {
    guard.heard(nodeId(peer), theirs, 50_000 + at * ownRate);
    verdicts.push(guard.isTrusted);
  }
  return verdicts;
}

function peer(rate: number, delayMs: (ms: number) => number = () => 1): Peer {
  return { rate, startMs: 123_456 * rate, delayMs };
}

test("clocks that agree are trusted, whatever the network does to single messages", () => {
  const prng = new Prng(SEED);
  const slow = (): number => (prng.chance(1, 3) ? prng.below(400) : 1 + prng.below(5));
  const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
  const verdicts = run(guard, [peer(1, slow), peer(1.03, slow), peer(0.98, slow)], 1, 0, 120_000);
  assert.ok(verdicts.every((isTrusted) => isTrusted), `seed ${SEED}`);
});

test("a clock that runs at another rate than the others' is found, within two windows", () => {
  for (const ownRate of [0.9, 1.1, 0.5, 1.9]) {
    const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
    const verdicts = run(guard, [peer(1), peer(1)], ownRate, 0, 60_000);
    assert.equal(verdicts[0], true);
    assert.equal(verdicts.at(-1), false, `rate ${ownRate}`);
    const found = verdicts.indexOf(false) / 2 * 200 * ownRate;
    assert.ok(found <= 2 * WINDOW_MS, `rate ${ownRate} found after ${found} ms`);
  }
});

test("one wrong peer of two proves nothing, nor do two that are wrong in opposite ways", () => {
  for (const rates of [[1.2, 1], [1, 0.8], [1.2, 0.8]]) {
    const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
    assert.ok(run(guard, rates.map((rate) => peer(rate)), 1, 0, 60_000).every((isTrusted) => isTrusted), `${rates}`);
  }
});

test("a node that was frozen, and clogged links, do not pass for a wrong clock", () => {
  const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
  // From 20 s to 26 s nothing arrives; then all of it at once.
  const frozen = (ms: number): number => (ms >= 20_000 && ms < 26_000 ? 26_000 - ms : 1);
  assert.ok(run(guard, [peer(1, frozen), peer(1, frozen)], 1, 0, 60_000).every((isTrusted) => isTrusted));
});

test("a peer that starts anew has another clock, which is no verdict", () => {
  const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
  assert.ok(run(guard, [peer(1), peer(1)], 1, 0, 30_000).every((isTrusted) => isTrusted));
  const reborn = { rate: 1, startMs: -900_000, delayMs: (): number => 1 };
  const later = { rate: 1, startMs: 900_000, delayMs: (): number => 1 };
  assert.ok(run(guard, [reborn, later], 1, 30_000, 60_000).every((isTrusted) => isTrusted));
});

test("a verdict stands while nobody can be compared with", () => {
  const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
  run(guard, [peer(1), peer(1)], 1.2, 0, 40_000);
  assert.equal(guard.isTrusted, false);
  const from = 50_000 + 40_000 * 1.2;
  for (let ms = 0; ms <= 5 * WINDOW_MS; ms += 100) guard.advance(from + ms);
  assert.equal(guard.isTrusted, false);
});

test("a peer that is heard too seldom to be judged still counts among those that say nothing against this clock", () => {
  const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
  for (let ms = 0; ms < 60_000; ms += 200) {
    guard.heard(nodeId(2), 7_000 + ms * 1.5, 1_000 + ms);
    if (ms % (WINDOW_MS * 0.75) === 0) guard.heard(nodeId(3), 90_000 + ms, 1_000 + ms);
    assert.ok(ms < WINDOW_MS || guard.isTrusted, `after ${ms} ms`);
  }
});

test("trust comes back when the clocks agree again, and numbers that are none are ignored", () => {
  const guard = new ClockGuard({ windowMs: WINDOW_MS, tolerance: TOLERANCE });
  run(guard, [peer(1), peer(1)], 1.2, 0, 40_000);
  assert.equal(guard.isTrusted, false);
  guard.heard(nodeId(2), Number.NaN, 100_000);
  guard.heard(nodeId(2), Infinity, 100_001);
  // The own clock is right again; it does not go back.
  for (let ms = 0; ms < 30_000; ms += 200) {
    for (const id of [2, 3]) guard.heard(nodeId(id), 500_000 + ms, 110_000 + ms);
  }
  assert.equal(guard.isTrusted, true);
});
