import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, hashPoint, tableId } from "../base/ids.ts";
import { utf8Decode, utf8Encode } from "../base/utf8.ts";
import type { Item } from "./attribute-value.ts";
import { encodeItem, isStoredIntact } from "./item-codec.ts";
import { itemSize } from "./item-size.ts";
import { addressOf } from "./key-encoding.ts";
import {
  decodeMark, encodeMark, encodeRecord, isRealChange, markKey, placeOfRow, recordJsonInto, recordJsonLength, recordKey, shardPrefix,
} from "./stream-record.ts";
import type { TableSchema } from "./table-schema.ts";
import type { StreamViewType, TableStream } from "./table-stream.ts";

const TABLE = { id: tableId(7), hashKey: { name: "pk", type: "S" }, rangeKey: null } as unknown as TableSchema;
const PLACE = { table: tableId(7), at: hashPoint(5), createdMs: 1_767_225_600_000, group: groupId(300) };
const { key: KEY } = addressOf(TABLE, { S: "ä" }, null);
const PREFIX = shardPrefix(PLACE);

function stored(item: Item): Uint8Array {
  return encodeItem(item, itemSize(item), KEY);
}

function recordOf(viewType: StreamViewType, before: Item | null, after: Item | null, timestamp = 1_767_225_600_123_456): any {
  const stream = { viewType, status: "ENABLED", createdMs: PLACE.createdMs, shards: [] } as TableStream;
  const row = recordKey(PREFIX, timestamp);
  const value = encodeRecord(TABLE, stream, {
    key: KEY, before: before === null ? null : stored(before), after: after === null ? null : stored(after), timestamp,
    isExpiry: false,
  }, row);
  assert.ok(isStoredIntact(value, row));
  const region = utf8Encode("eu-central-1");
  const json = new Uint8Array(recordJsonLength(value) + region.length);
  assert.equal(recordJsonInto(value, region, json, 0), json.length);
  return JSON.parse(utf8Decode(json) ?? "");
}

test("keys of rows are in the order of timestamps, and tell what they were made of", () => {
  const stamps = [1, 255, 256, 65_536, 2 ** 32, 2 ** 52];
  const keys = stamps.map((timestamp) => recordKey(PREFIX, timestamp));
  assert.deepEqual(keys, keys.toSorted());
  assert.ok(markKey(PREFIX) < (keys[0] as string));
  for (const [i, key] of keys.entries()) {
    assert.deepEqual(placeOfRow(key), { prefix: PREFIX, createdMs: PLACE.createdMs, group: 300, timestamp: stamps[i] });
  }
  const mark = markKey(PREFIX);
  assert.equal(decodeMark(encodeMark(mark, 2 ** 50 + 1)), 2 ** 50 + 1);
});

test("a write that leaves the values what they were is no change, in whatever order they are told", () => {
  const item: Item = { pk: { S: "ä" }, set: { SS: ["a", "b"] }, map: { M: { x: { N: "1" }, y: { NULL: true } } } };
  const other: Item = { map: { M: { y: { NULL: true }, x: { N: "1" } } }, set: { SS: ["b", "a"] }, pk: { S: "ä" } };
  assert.equal(isRealChange(stored(item), stored(item)), false);
  assert.equal(isRealChange(stored(item), stored(other)), false);
  assert.equal(isRealChange(stored(item), stored({ ...item, set: { SS: ["a", "c"] } })), true);
  assert.equal(isRealChange(stored(item), stored({ ...item, map: { M: { x: { N: "2" }, y: { NULL: true } } } })), true);
  assert.equal(isRealChange(null, stored(item)), true);
  assert.equal(isRealChange(stored(item), null), true);
  assert.equal(isRealChange(null, null), false);
});

test("records have the images of their view and the sizes of what is in them", () => {
  const before: Item = { pk: { S: "ä" }, v: { N: "1" } };
  const after: Item = { pk: { S: "ä" }, v: { S: "\u0000\"long" } };
  // The key counts 2 + 2, v 1 + 2 before and 1 + 6 after.
  const sizes: Readonly<Record<StreamViewType, number>> = {
    KEYS_ONLY: 4, NEW_IMAGE: 4 + 11, OLD_IMAGE: 4 + 7, NEW_AND_OLD_IMAGES: 4 + 11 + 7,
  };
  for (const view of Object.keys(sizes) as StreamViewType[]) {
    const { eventID, ...record } = recordOf(view, before, after);
    assert.match(eventID, /^[0-9a-f]{32}$/);
    assert.deepEqual(record, {
      eventName: "MODIFY", eventVersion: "1.1", eventSource: "aws:dynamodb", awsRegion: "eu-central-1",
      dynamodb: {
        ApproximateCreationDateTime: 1_767_225_600, Keys: { pk: { S: "ä" } },
        ...(view.startsWith("NEW") ? { NewImage: after } : {}),
        ...(view.includes("OLD") ? { OldImage: before } : {}),
        SequenceNumber: "117672256001234560000", SizeBytes: sizes[view], StreamViewType: view,
      },
    });
  }
  assert.equal(recordOf("NEW_IMAGE", null, after).eventName, "INSERT");
  const gone = recordOf("NEW_AND_OLD_IMAGES", before, null);
  assert.deepEqual([gone.eventName, gone.dynamodb.NewImage, gone.dynamodb.OldImage], ["REMOVE", undefined, before]);
});
