// What every KvStore must do. Framework-free: a test hands in a way to make a store and to let time pass.
import { assert } from "../../base/assert.ts";
import { storageKey } from "../../base/ids.ts";
import type { StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { KEY_BYTES_MAX } from "../kv-store.ts";
import type { KvError, KvMutation, KvStore } from "../kv-store.ts";

export type KvHarness = {
  readonly kv: KvStore;
  readonly settle: (isDone: () => boolean) => Promise<void>;
};

export type KvCase = { readonly name: string; readonly run: (harness: KvHarness) => Promise<void> };

async function write(harness: KvHarness, mutations: readonly KvMutation[]): Promise<void> {
  const results: (KvError | null)[] = [];
  harness.kv.write(mutations, (error) => results.push(error));
  assert(results.length < 1, "done is never called synchronously");
  await harness.settle(() => results.length > 0);
  assert(results.length === 1 && results[0] === null, `write: ${results[0]?.code ?? "done called twice"}`);
}

function put(key: string, ...bytes: number[]): KvMutation {
  return { key: storageKey(key), value: new Uint8Array(bytes) };
}

function text(key: string, value: Uint8Array): string {
  return `${[...key].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("")}=${value.join(".")}`;
}

function scanned(kv: KvStore, from: string, to: string, isForward: boolean, countMax = Infinity): string[] {
  const seen: string[] = [];
  const error = kv.scan(storageKey(from), storageKey(to), isForward, (key, value) => {
    seen.push(text(key, value));
    return seen.length < countMax;
  });
  assert(error === null, `scan: ${error?.code ?? ""}`);
  return seen;
}

function same(actual: readonly string[], expected: readonly string[], message: string): void {
  assert(actual.join(" ") === expected.join(" "), `${message}: got ${actual.join(" ")}, not ${expected.join(" ")}`);
}

async function getsWhatWasPut(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  await write(harness, [put("a", 1), put("b", 2, 3), put("c", 4)]);
  await write(harness, [put("b", 9), { key: storageKey("c"), value: null }, { key: storageKey("x"), value: null }]);
  const a = kv.get(storageKey("a"));
  const b = kv.get(storageKey("b"));
  assert(a instanceof Uint8Array && a.length === 1 && a[0] === 1, "a is as it was");
  assert(b instanceof Uint8Array && b.length === 1 && b[0] === 9, "b was replaced");
  assert(kv.get(storageKey("c")) === null, "c was deleted");
  assert(kv.get(storageKey("d")) === null, "d was never there");
  assert(a[0] === 1 && a.length === 1, "a copy does not change with later reads");
}

async function ordersByBytes(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  const keys = ["\x00", "\x00\x00", "\x00\xff", "A", "a", "a\x00", "a\x01", "b", "\x7f", "\x80", "\xc3\xa9", "\xff",
    "\xff\xff"];
  const shuffled = new Prng(11).shuffle(keys);
  await write(harness, shuffled.map((key) => put(key, key.length)));
  const sorted = keys.slice().sort();
  const expected = sorted.map((key) => text(key, new Uint8Array([key.length])));
  same(scanned(kv, "", "\xff\xff\xff", true), expected, "forward");
  same(scanned(kv, "", "\xff\xff\xff", false), expected.slice().reverse(), "backward");
}

async function respectsBounds(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  await write(harness, [put("a", 1), put("b", 2), put("c", 3), put("d", 4)]);
  same(scanned(kv, "b", "d", true), ["62=2", "63=3"], "from is included, to is not");
  same(scanned(kv, "b", "d", false), ["63=3", "62=2"], "backward too");
  same(scanned(kv, "aa", "cc", true), ["62=2", "63=3"], "bounds between keys");
  same(scanned(kv, "aa", "cc", false), ["63=3", "62=2"], "backward too");
  same(scanned(kv, "c", "b", true), [], "an empty range");
  same(scanned(kv, "e", "f", true), [], "a range behind all keys");
  same(scanned(kv, "\x01", "\x02", false), [], "a range before all keys");
  same(scanned(kv, "a", "z", true, 2), ["61=1", "62=2"], "the visit ends the scan");
  same(scanned(kv, "a", "z", false, 1), ["64=4"], "backward too");
  same(scanned(kv, "a", "z", true), ["61=1", "62=2", "63=3", "64=4"], "and the next scan is whole");
}

async function keepsLargeValues(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  const prng = new Prng(5);
  const sizes = [0, 1, 63, 64, 4000, 8192, 20_000, 32_768, 70_000, 420_000];
  const values = sizes.map((size) => prng.bytes(size));
  await write(harness, values.map((value, i) => ({ key: storageKey(`k${i}`), value })));
  const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
    a.length === b.length && a.every((byte, i) => byte === b[i]);
  for (const [i, value] of values.entries()) {
    const read = kv.get(storageKey(`k${i}`));
    assert(read instanceof Uint8Array && isSame(read, value), `get of ${value.length} bytes`);
  }
  for (const isForward of [true, false]) {
    let count = 0;
    kv.scan(storageKey("k"), storageKey("l"), isForward, (key, value) => {
      assert(isSame(value, values[Number(key.slice(1))] as Uint8Array), `scan of ${value.length} bytes`);
      return ++count > 0;
    });
    assert(count === sizes.length, "all are visited");
  }
}

async function keepsLongKeys(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  const long = storageKey("\xfe".repeat(KEY_BYTES_MAX));
  const longer = storageKey("\xfe".repeat(KEY_BYTES_MAX - 1) + "\xff");
  await write(harness, [{ key: long, value: new Uint8Array([1]) }, { key: longer, value: new Uint8Array([2]) }]);
  const read = kv.get(long);
  assert(read instanceof Uint8Array && read[0] === 1, "the longest key");
  let seen = 0;
  kv.scan(long, storageKey("\xff"), true, (key, value) => {
    assert(key.length === KEY_BYTES_MAX, "the whole key");
    seen = seen * 10 + (value[0] as number);
    return true;
  });
  assert(seen === 12, "in order");
}

async function seesWritesAfterDone(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  for (let round = 0; round < 20; round++) {
    kv.get(storageKey("k")); // may fix a snapshot
    scanned(kv, "a", "z", true);
    await write(harness, [put("k", round)]);
    const read = kv.get(storageKey("k"));
    assert(read instanceof Uint8Array && read[0] === round, "the write is seen by get");
    same(scanned(kv, "a", "z", true), [`6b=${round}`], "and by scan");
  }
}

async function agreesWithAMap(harness: KvHarness): Promise<void> {
  const { kv } = harness;
  const prng = new Prng(77);
  const model = new Map<string, Uint8Array>();
  const randomKey = (): string => String.fromCharCode(...prng.bytes(prng.between(1, 3)).map((byte) => byte % 5));
  for (let round = 0; round < 60; round++) {
    const mutations: KvMutation[] = [];
    for (let i = prng.between(1, 12); i > 0; i--) {
      const key = randomKey();
      const value = prng.chance(1, 3) ? null : prng.bytes(prng.between(0, 9));
      mutations.push({ key: key as StorageKey, value });
      if (value === null) model.delete(key);
      else model.set(key, value);
    }
    await write(harness, mutations);
    const from = randomKey();
    const to = randomKey();
    const expected = [...model].filter(([key]) => key >= from && key < to)
      .sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => text(key, value));
    same(scanned(kv, from, to, true), expected, `round ${round}, forward`);
    same(scanned(kv, from, to, false), expected.reverse(), `round ${round}, backward`);
  }
}

export const kvContract: readonly KvCase[] = [
  { name: "what is put is got, what is deleted is gone", run: getsWhatWasPut },
  { name: "keys are in byte order", run: ordersByBytes },
  { name: "scans respect their bounds and end when told to", run: respectsBounds },
  { name: "values of all sizes come back", run: keepsLargeValues },
  { name: "the longest keys come back", run: keepsLongKeys },
  { name: "a write is seen once it is done", run: seesWritesAfterDone },
  { name: "random transactions agree with a map", run: agreesWithAMap },
];
