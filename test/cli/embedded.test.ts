// The embedded cluster as a library: what a start that failed leaves behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "./program.ts";

const CLUSTER = new URL("../../src/app/embedded-cluster.ts", import.meta.url).href;
const END_MS_MAX = 30_000;

test("a start that cannot listen closes its nodes before it gives the directory back", async (context) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  context.after(() => holder.close());
  const address = holder.address();
  assert.ok(typeof address === "object" && address !== null);
  // Ends by itself only if nothing of the failed start goes on: no exit is called.
  const script = `
    import { startEmbeddedCluster } from ${JSON.stringify(CLUSTER)};
    const options = {
      port: ${address.port}, host: "127.0.0.1", dataDir: ${JSON.stringify(join(temporaryDirectory(context), "data"))}, zones: 3,
      credentials: null, partitionsPerTable: 1, region: "us-east-1", logLevel: "error",
    };
    const refused = await startEmbeddedCluster(options).then(() => "started", (error) => error.name);
    const again = await startEmbeddedCluster({ ...options, port: 0 });
    await again.stop();
    console.log(refused);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS_MAX);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, "close");
  clearTimeout(timer);
  assert.equal(said, "StartError\n");
  assert.equal(code, 0, "the process ended by itself");
});
