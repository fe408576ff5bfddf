// Random sequences of operations against a real server and against a reference, with restarts in between. A
// failure prints its seed and the shortest sequence found: run again with STATOR_MODEL_SEED=<seed>.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { ServerProcess } from "../../demo/server-process.ts";
import { startEmbeddedCluster } from "../../src/app/embedded-cluster.ts";
import type { RunningCluster } from "../../src/app/embedded-options.ts";
import type { RunOptions } from "../../src/sim/swarm/options.ts";
import { steps, type Step } from "./commands.ts";
import { ReferenceTable } from "./reference.ts";
import { Simulated } from "./simulated.ts";
import { ServerTable, type Restartable } from "./server-table.ts";

const SEED = Number(process.env["STATOR_MODEL_SEED"] ?? Date.now() % 2_147_483_647);

test("a cluster in this process, stopped and started again", { timeout: 120_000 }, (context) =>
  compare(context, Embedded.start, { sequences: 12, stepsMax: 80, restartOneIn: 25 }));

test("a server process, killed and started again", { timeout: 120_000 }, (context) =>
  compare(context, Killed.start, { sequences: 3, stepsMax: 60, restartOneIn: 12 }));

test("a simulated cluster whose machines lose power", { timeout: 120_000 }, (context) =>
  compare(context, () => Promise.resolve(new Simulated(SEED, calm)), {
    sequences: 12, stepsMax: 100, restartOneIn: 8,
  }));

/** Room for the largest items of the steps, so that nothing is refused for want of it. */
function calm(options: RunOptions): RunOptions {
  const tree = { ...options.tree, overloadBytes: 64 * 1024 * 1024 };
  return { ...options, tree, walSegmentBytes: 4 * 1024 * 1024 };
}

type Extent = { readonly sequences: number; readonly stepsMax: number; readonly restartOneIn: number };

async function compare(
  context: TestContext, start: (dataDir: string) => Promise<Restartable>, extent: Extent,
): Promise<void> {
  context.diagnostic(`seed ${SEED}`);
  const dataDir = mkdtempSync(join(tmpdir(), "stator-model-"));
  const server = await start(dataDir);
  let tables = 0;
  const property = fc.asyncProperty(
    steps(extent.stepsMax, extent.restartOneIn), fc.constantFrom(1, 2, 5),
    async (commands: Iterable<Step>, partitions: number) => {
      const real = await ServerTable.create(server, `table-${++tables}`, partitions);
      try {
        await fc.asyncModelRun(() => ({ model: new ReferenceTable(), real }), commands);
      } finally {
        real.close();
      }
    },
  );
  try {
    await fc.assert(property, { seed: SEED, numRuns: extent.sequences, interruptAfterTimeLimit: 90_000 });
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Stops cleanly and starts again on the same directory. */
class Embedded implements Restartable {
  readonly #dataDir: string;
  #cluster: RunningCluster;

  private constructor(dataDir: string, cluster: RunningCluster) {
    this.#dataDir = dataDir;
    this.#cluster = cluster;
  }

  static async start(dataDir: string): Promise<Embedded> {
    return new Embedded(dataDir, await startCluster(dataDir));
  }

  get endpoint(): string {
    return this.#cluster.endpoint;
  }

  async restart(): Promise<void> {
    await this.#cluster.stop();
    this.#cluster = await startCluster(this.#dataDir);
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}

function startCluster(dataDir: string): Promise<RunningCluster> {
  return startEmbeddedCluster({
    port: 0, host: "127.0.0.1", dataDir, zones: 3, credentials: null, partitionsPerTable: 2, region: "us-east-1",
    logLevel: "error",
  });
}

/** Ends with SIGKILL: nothing is closed, nothing is told. */
class Killed implements Restartable {
  readonly #dataDir: string;
  #process: ServerProcess;

  private constructor(dataDir: string, process: ServerProcess) {
    this.#dataDir = dataDir;
    this.#process = process;
  }

  static async start(dataDir: string): Promise<Killed> {
    return new Killed(dataDir, await ServerProcess.start(["--data-dir", dataDir]));
  }

  get endpoint(): string {
    return this.#process.endpoint;
  }

  async restart(): Promise<void> {
    await this.#process.kill();
    this.#process = await ServerProcess.start(["--data-dir", this.#dataDir]);
  }

  stop(): Promise<void> {
    return this.#process.kill();
  }
}
