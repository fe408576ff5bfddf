// A sync that fails, through the Disk port: the node stops, nothing is tried again on its disk, the others go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import { LocalNetwork } from "../../src/runtime/local-network.ts";
import { openNode, StatorNode, type NodeFailure } from "../../src/node/stator-node.ts";
import { diskError, type Disk, type DiskDone, type DiskError } from "../../src/ports/disk.ts";
import { Router } from "../../src/roles/router/role.ts";
import { MemoryDisk } from "../../src/runtime/memory-disk.ts";
import { MemoryKv } from "../../src/runtime/memory-kv.ts";
import { NodeClock } from "../../src/runtime/node-clock.ts";
import { NodeRandom } from "../../src/runtime/node-random.ts";
import { TREE_DEFAULT } from "../../src/storage/tree/tree-options.ts";
import type { Operation, Outcome } from "../../src/model/operation.ts";
import type { NodeMessage } from "../../src/wire/data-messages.ts";

const ROUTER = nodeId(60_000);
const TIMING = { leaseMs: 300, leaseDriftMs: 20, heartbeatMs: 60, electionJitterMs: 40, resendMs: 100 };

/** A disk whose writes fail from a moment on; it counts what is asked of it afterwards. */
class FailingDisk implements Disk {
  readonly #disk: MemoryDisk;
  failFrom = Infinity;
  writes = 0;
  askedAfter = 0;
  #failure: DiskError | null = null;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  list: Disk["list"] = () => this.#disk.list();
  readSync: Disk["readSync"] = (file, offset, target) => this.#disk.readSync(file, offset, target);
  read: Disk["read"] = (file, offset, length, done) => this.#disk.read(file, offset, length, done);
  allocate: Disk["allocate"] = (bytes) => this.#disk.allocate(bytes);
  create: Disk["create"] = (file, head, bytes, done) => this.#unlessFailed(done, () => this.#disk.create(file, head, bytes, done));
  delete: Disk["delete"] = (file, done) => this.#unlessFailed(done, () => this.#disk.delete(file, done));
  replace: Disk["replace"] = (file, bytes, done) => this.#unlessFailed(done, () => this.#disk.replace(file, bytes, done));
  close: Disk["close"] = (done) => this.#disk.close(done);

  writeAndSync(file: string, offset: number, bytes: Uint8Array, done: DiskDone): void {
    this.#unlessFailed(done, () => {
      this.writes++;
      if (this.writes < this.failFrom) return this.#disk.writeAndSync(file, offset, bytes, done);
      this.#failure = diskError("EIO", `/node-2/wal/${file}`, offset, "injected: the sync failed");
      setImmediate(() => done(this.#failure));
    });
  }

  #unlessFailed(done: DiskDone, operation: () => void): void {
    if (this.#failure === null) return operation();
    this.askedAfter++;
    setImmediate(() => done(this.#failure));
  }
}

function execute(router: Router, operation: Operation): Promise<Outcome> {
  return new Promise((resolve) => router.execute(operation, resolve));
}

test("a failed sync stops its node once, with file and offset, and is not tried again", async () => {
  const clock = new NodeClock();
  const random = new NodeRandom();
  const network = new LocalNetwork<NodeMessage>(clock);
  const nodes: readonly NodeId[] = [1, 2, 3].map(nodeId);
  const disks = nodes.map(() => new FailingDisk(new MemoryDisk(clock)));
  const failures: NodeFailure[] = [];
  const running = await Promise.all(nodes.map((self, i) => new Promise<StatorNode>((resolve, reject) => {
    openNode({
      self, clock, random, network, telemetry: { event: () => undefined }, disk: disks[i] as FailingDisk,
      kv: new MemoryKv(clock), timing: TIMING,
      wal: { node: self, clock, random, segmentBytes: 1 << 20, batchBytesMax: 1 << 18, sealDelayMs: 20 },
      tree: TREE_DEFAULT, nodes, partitionsPerTable: 3, priorLeasesVoid: true,
      onFailed: (failure) => {
        network.detach(self);
        failures.push(failure);
      },
    }, (opened) => {
      if (!(opened instanceof StatorNode)) return reject(new Error(opened.message));
      network.attach(self, (message) => opened.receive(message));
      resolve(opened);
    });
  })));
  network.open();
  const router = new Router({ self: ROUTER, clock, random, network, metadataNodes: nodes, nearNode: null });
  network.attach(ROUTER, (message) => router.onMessage(message));
  await new Promise<void>((resolve) => router.whenReady(resolve));

  let made = 0;
  const makeTable = async (): Promise<Outcome> => execute(router, {
    kind: "create-table", definition: {
      name: `t${made++}`, hashKey: { name: "pk", type: "S" }, rangeKey: null, billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
      deletionProtection: false, tableClass: null, partitionCount: null,
    },
  } as Operation);
  assert.equal((await makeTable()).kind, "table");
  assert.equal(failures.length, 0);

  const failing = disks[1] as FailingDisk;
  failing.failFrom = failing.writes + 2;
  const names: string[] = [];
  for (let i = 0; i < 6; i++) {
    const outcome = await makeTable();
    if (outcome.kind === "table") names.push(outcome.table.name);
    await sleep(30);
  }
  assert.ok(names.length >= 4, `${names.length} tables made after the failure`);
  assert.equal(failures.length, 1);
  const [failure] = failures as [NodeFailure];
  assert.equal(failure.node, 2);
  assert.match(failure.message, /^\/node-2\/wal\/wal-0000000000000001\.log, offset \d+: EIO: injected/);
  assert.ok(running[1]?.isStopped);
  assert.equal(failing.askedAfter, 0, "nothing is asked of a failed disk");

  const listed = await execute(router, { kind: "list-tables", after: null, limit: 100 } as Operation);
  assert.ok(listed.kind === "tables");
  for (const name of names) assert.ok(listed.names.includes(name), name);
  router.stop();
  await Promise.all(running.map((node) => new Promise<void>((resolve) => node.stop(resolve))));
});
