import assert from "node:assert/strict";
import { test } from "node:test";
import { longUtcText, utcTime } from "./calendar.ts";
import { Prng } from "./prng.ts";

test("every moment reads as Date has it", () => {
  const seed = Number(process.env["STATOR_SEED"] ?? 20_261_123);
  const prng = new Prng(seed);
  const moments = [0, -1, 951_782_399_000, 951_782_400_000, 951_868_800_000, 4_107_542_400_000];
  for (let i = 0; i < 20_000; i++) moments.push((prng.u32() - 2 ** 30) * 1_000 + prng.below(1_000));
  for (const ms of moments) {
    const date = new Date(ms);
    assert.deepEqual(utcTime(ms), {
      year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: date.getUTCDay(),
      hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds(),
    }, `${date.toISOString()}, STATOR_SEED=${seed}`);
  }
});

test("the long form", () => {
  assert.equal(longUtcText(Date.UTC(2026, 9, 8, 23, 20, 48)),
    "Thursday, October 8, 2026 at 11:20:48 PM Coordinated Universal Time");
  assert.equal(longUtcText(Date.UTC(2026, 9, 9)),
    "Friday, October 9, 2026 at 12:00:00 AM Coordinated Universal Time");
});
