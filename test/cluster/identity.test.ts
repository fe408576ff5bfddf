// Who may take part: directories, clusters, copies, garbage on the port for peers.
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { ClusterUnderTest, HOST, NodeUnderTest, stator } from "./node-cluster.ts";

test("nodes of two clusters refuse each other; a copy of a directory is refused", async (context) => {
  const one = new ClusterUnderTest(context);
  const two = new ClusterUnderTest(context);
  await Promise.all([one.begin(3), two.begin(3)]);
  const [address] = await one.peerAddresses();
  const [foreign, other] = await two.peerAddresses();

  const mixed = await stator("init", "--nodes", [address, foreign, other].join(","));
  assert.equal(mixed.code, 1);
  assert.match(mixed.err, /belongs to cluster \S+, .* to /);

  // A node of the second cluster comes up at an address where the first expects its own node 1.
  await one.nodes[0]?.kill();
  await two.nodes[0]?.kill();
  two.nodes[0]?.start([], address);
  await one.nodes[1]?.said(/this node belongs to cluster (\S+), not to|was refused.*(cluster)/);
  await two.nodes[0]?.said(/WARN .*this node belongs to cluster (\S+), not to/);
  await two.nodes[0]?.kill();
  one.nodes[0]?.start([], address);
  await one.nodes[0]?.endpoint();

  // A copy of a live node's directory, at another port.
  const original = one.nodes[1] as NodeUnderTest;
  const copied = join(one.directory, "copy");
  cpSync(original.dataDir, copied, { recursive: true });
  const copy = new NodeUnderTest(copied, original.zone);
  one.nodes.push(copy);
  copy.start([await original.peerAddress()], `${HOST}:${await freePort()}`);
  assert.notEqual(await copy.end(), 0);
  assert.match(copy.err, /duplicate identity|identity of this node/);
  assert.ok(original.isRunning);
});

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a directory that lost its log, its identity or its zone is refused; garbage changes nothing", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const [endpoint] = await cluster.begin(3);
  const victim = cluster.nodes[2] as NodeUnderTest;
  const [host, port] = (await victim.peerAddress()).split(":") as [string, string];
  for (const garbage of ["GET / HTTP/1.1\r\n\r\n", "\xff".repeat(100_000), "STATOR", "\0".repeat(64)]) {
    await new Promise<void>((resolve) => {
      const socket = connect({ host, port: Number(port) });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve());
      socket.end(Buffer.from(garbage, "latin1"));
      socket.resume();
    });
  }
  await victim.said(/a connection was refused: (a frame of)/);
  assert.equal((await stator("status", "--endpoint", endpoint as string)).code, 0);

  assert.equal((await stator("inspect", "wal", victim.dataDir)).code, 3, "not while it runs");
  await victim.kill();
  const inspected = await stator("inspect", "wal", victim.dataDir);
  assert.equal(inspected.code, 0, inspected.err);
  assert.match(inspected.out, /record/i);
  const moved = new NodeUnderTest(victim.dataDir, "az9");
  moved.start();
  assert.equal(await moved.end(), 3);
  assert.match(moved.err, /belongs to a node in zone az3/);
  rmSync(join(victim.dataDir, "wal"), { recursive: true });
  victim.start();
  assert.equal(await victim.end(), 3);
  assert.match(victim.err, /has lost its log/);

  const first = cluster.nodes[0] as NodeUnderTest;
  await first.kill();
  rmSync(join(first.dataDir, "node.json"));
  first.start();
  assert.equal(await first.end(), 3);
  assert.match(first.err, /a log but no node\.json/);
});

test("a port that other machines reach needs a word of its own", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const open = cluster.add("az1");
  open.start([], "0.0.0.0:0");
  assert.equal(await open.end(), 2);
  assert.match(open.err, /--advertise/);
  const advertised = cluster.add("az1", ["--advertise", "10.1.2.3:7000"]);
  advertised.start([], "0.0.0.0:0");
  assert.equal(await advertised.end(), 3);
  assert.match(advertised.err, /neither encrypted nor authenticated.*--insecure-peers/);
  const allowed = cluster.add("az1", ["--advertise", "10.1.2.3:7000", "--insecure-peers"]);
  allowed.start([], "0.0.0.0:0");
  assert.equal(await allowed.peerAddress(), "10.1.2.3:7000");
  await allowed.said(/^(Waiting) for `stator init`/m);
  allowed.signal("SIGTERM");
  assert.equal(await allowed.end(), 0);
});
