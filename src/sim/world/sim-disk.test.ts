import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.ts";
import { diskContract } from "../../ports/contract/disk-contract.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "./sim-disk.ts";

for (const { name, run } of diskContract) {
  test(`sim disk: ${name}`, async () => {
    const clock = new ManualClock();
    const settle = async (isDone: () => boolean): Promise<void> => {
      clock.advance(1000);
      assert.ok(isDone());
    };
    await run({ disk: new SimDisk("d", clock, new Prng(1), SIM_DISK_DEFAULT), settle });
  });
}

test("completed writes survive power-offs; the one under way is torn by sectors, later ones vanish", () => {
  const seed = Number(process.env["SEED"] ?? 99);
  const prng = new Prng(seed);
  let torn = 0;
  for (let round = 0; round < 200; round++) {
    const clock = new ManualClock();
    const disk = new SimDisk("d", clock, prng, SIM_DISK_DEFAULT);
    disk.create("a", new Uint8Array(0), 8192, () => undefined);
    disk.writeAndSync("a", 0, new Uint8Array(2048).fill(1), () => undefined);
    clock.advance(100);
    let isDone = false;
    disk.writeAndSync("a", 2048, new Uint8Array(2048).fill(2), () => {
      isDone = true;
    });
    disk.writeAndSync("a", 4096, new Uint8Array(2048).fill(3), () => undefined);
    clock.advance(0.05);
    assert.ok(!isDone);
    disk.powerOff();
    clock.advance(1000);
    assert.ok(!isDone, "an earlier life hears nothing");
    disk.powerOn(new ManualClock());
    const content = disk.content("a") as Uint8Array;
    assert.ok(content.subarray(0, 2048).every((byte) => byte === 1), `seed ${seed}`);
    assert.ok(content.subarray(4096).every((byte) => byte === 0), `seed ${seed}`);
    const sectors = [0, 1, 2, 3].map((i) => content.subarray(2048 + i * 512, 2560 + i * 512));
    for (const sector of sectors) assert.ok(sector.every((byte) => byte === sector[0] && (byte === 0 || byte === 2)));
    const written = sectors.filter((sector) => sector[0] === 2).length;
    if (written > 0 && written < 4) torn++;
  }
  assert.ok(torn > 20, `seed ${seed}: ${torn} torn writes`);
});

test("a failed sync and a full disk are errors that name file and offset", () => {
  const clock = new ManualClock();
  const disk = new SimDisk("node-3", clock, new Prng(4), { ...SIM_DISK_DEFAULT, capacityBytes: 10_000 });
  const codes: string[] = [];
  disk.create("a", new Uint8Array(0), 8192, (error) => codes.push(error?.code ?? "ok"));
  disk.create("b", new Uint8Array(0), 8192, (error) => codes.push(`${error?.code} ${error?.file} ${error?.offset}`));
  clock.advance(100);
  assert.deepEqual(codes, ["ok", "ENOSPC node-3/b 0"]);
  disk.powerOff();
  disk.powerOn(clock);
  disk.failNext("EIO");
  disk.writeAndSync("a", 512, new Uint8Array(8), (error) => codes.push(`${error?.code} ${error?.file} ${error?.offset}`));
  clock.advance(100);
  assert.equal(codes.at(-1), "EIO node-3/a 512");
  assert.deepEqual([disk.report.failedSyncs, disk.report.diskFull], [1, 1]);
});
