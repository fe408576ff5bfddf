import assert from "node:assert/strict";
import { test } from "node:test";
import { storageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import type { Mutation } from "../log-record.ts";
import { decodeWritePayload, encodeWritePayload } from "./write-payload.ts";

test("golden bytes", () => {
  const bytes = encodeWritePayload({
    mutations: [{ key: storageKey("a\xff"), value: Uint8Array.of(7, 8) }, { key: storageKey("b"), value: null }],
    items: -1, bytes: 2,
  });
  assert.equal(Buffer.from(bytes).toString("hex"),
    "01000000" + "02000000" + "ffffffff" + "0000000000000040"
    + "0200" + "02000000" + "61ff" + "0708" + "0100" + "ffffffff" + "62");
});

test("what is encoded is decoded, and no cut or lengthened payload is", () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const prng = new Prng(seed);
  for (let round = 0; round < 200; round++) {
    const mutations = Array.from({ length: prng.below(6) }, (): Mutation => ({
      key: storageKey(Buffer.from(prng.bytes(prng.between(1, round % 20 === 0 ? 6_000 : 30))).toString("latin1")),
      value: prng.chance(1, 4) ? null : prng.bytes(prng.below(50)),
    }));
    const payload = { mutations, items: prng.between(-9, 9), bytes: prng.between(-5e9, -4e9) };
    const bytes = encodeWritePayload(payload);
    assert.deepEqual(decodeWritePayload(bytes), payload, `seed ${seed}`);
    assert.equal(decodeWritePayload(bytes.subarray(0, prng.below(bytes.length))), null, `seed ${seed}`);
    assert.equal(decodeWritePayload(Uint8Array.of(...bytes.subarray(0, 2_000), 0, 0)), null, `seed ${seed}`);
  }
});
