import assert from "node:assert/strict";
import { test } from "node:test";
import { lsn, storageKey, type StorageKey } from "../base/ids.ts";
import { encodeItem } from "../model/item-codec.ts";
import type { SnapshotPage } from "../wire/data-messages.ts";
import type { Mutation } from "../wire/log-record.ts";
import { pageFault } from "./snapshot-page.ts";

const RANGE = { from: storageKey("b"), to: storageKey("d") };

function row(key: string): Mutation {
  return { key: storageKey(key), value: encodeItem({ a: { S: key } }, 5, storageKey(key)) };
}

function page(rows: readonly Mutation[], next: StorageKey | null): SnapshotPage {
  return { kind: "snapshot-page", rows, next, applied: lsn(5), items: 1, bytes: 1 };
}

test("pages in order within the range are taken", () => {
  assert.equal(pageFault(page([], null), RANGE, null), null);
  assert.equal(pageFault(page([row("b"), row("c")], storageKey("c")), RANGE, null), null);
  assert.equal(pageFault(page([row("ca")], null), RANGE, storageKey("c")), null);
});

test("what a hostile or damaged source may send is refused", () => {
  const b = row("b");
  assert.match(String(pageFault(page([row("a")], null), RANGE, null)), /outside/);
  assert.match(String(pageFault(page([row("d")], null), RANGE, null)), /outside/);
  assert.match(String(pageFault(page([row("c"), b], null), RANGE, null)), /order/);
  assert.match(String(pageFault(page([b, b], null), RANGE, null)), /order/);
  assert.match(String(pageFault(page([b], null), RANGE, storageKey("b"))), /order/);
  assert.match(String(pageFault(page([{ key: b.key, value: null }], null), RANGE, null)), /checksum/);
  const flipped = (b.value as Uint8Array).slice();
  flipped[flipped.length - 2] = (flipped[flipped.length - 2] as number) ^ 1;
  assert.match(String(pageFault(page([{ key: b.key, value: flipped }], null), RANGE, null)), /checksum/);
  assert.match(String(pageFault(page([{ key: storageKey("bb"), value: b.value }], null), RANGE, null)), /checksum/);
  assert.match(String(pageFault(page([], storageKey("c")), RANGE, storageKey("bz"))), /end/, "no rows, and on it goes");
  assert.match(String(pageFault(page([b], storageKey("c")), RANGE, null)), /end/, "skips what it did not send");
});
