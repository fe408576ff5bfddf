// `npm run apps`: real libraries and applications for DynamoDB do their main work against a server. They are
// installed into a scratch directory (kept in .cache/apps), not among the project's own dependencies.
//
//   --endpoint URL   the server to use; without it an in-memory Stator is started
//   --only NAME      one of the scripts
//   --parts A,B      of basic, indexes, transactions
//
// Each script prints its parts; the exit code is 0 when all passed.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEmbeddedCluster } from "../../src/app/embedded-cluster.ts";

const ROOT = join(import.meta.dirname, "../..");
const SCRATCH = join(ROOT, ".cache/apps");
const SCRIPTS = [
  "electrodb", "dynamodb-toolbox", "dynamoose", "dynamodb-onetable", "idempotency", "dynamodb-admin",
] as const;
/** One script, in the worst case waiting for tables and indexes. */
const SCRIPT_MS_MAX = 120_000;

const PACKAGE = {
  name: "stator-apps", private: true, type: "module",
  dependencies: {
    "@aws-lambda-powertools/idempotency": "2.35.0",
    "@aws-sdk/client-dynamodb": "3.1164.0",
    "@aws-sdk/lib-dynamodb": "3.1162.0",
    "dynamodb-admin": "5.3.3",
    "dynamodb-onetable": "2.7.7",
    "dynamodb-toolbox": "2.10.6",
    dynamoose: "4.2.0",
    electrodb: "3.9.3",
  },
};

/** False: npm could not. */
function install(): boolean {
  mkdirSync(SCRATCH, { recursive: true });
  const file = join(SCRATCH, "package.json");
  const text = `${JSON.stringify(PACKAGE, null, 2)}\n`;
  const isDone = existsSync(join(SCRATCH, "node_modules")) && existsSync(file) && readFileSync(file, "utf8") === text;
  if (!isDone) {
    writeFileSync(file, text);
    const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: SCRATCH, stdio: "inherit",
    });
    if (status !== 0) return false;
  }
  cpSync(join(import.meta.dirname, "scripts"), SCRATCH, { recursive: true });
  return true;
}

/** The exit code. */
function runScript(name: string, endpoint: string, parts: string | undefined): Promise<number> {
  const env = {
    ...process.env, STATOR_APPS_ENDPOINT: endpoint, ...(parts === undefined ? {} : { STATOR_APPS_PARTS: parts }),
  };
  const child = spawn(process.execPath, [join(SCRATCH, `${name}.mjs`)], {
    cwd: SCRATCH, env, stdio: "inherit", timeout: SCRIPT_MS_MAX,
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { endpoint: { type: "string" }, only: { type: "string" }, parts: { type: "string" } },
  });
  if (!install()) return 1;
  const cluster = values.endpoint !== undefined ? null : await startEmbeddedCluster({
    port: 0, host: "127.0.0.1", dataDir: null, zones: 1, credentials: null, partitionsPerTable: 2,
    region: "eu-west-1", logLevel: "error",
  });
  const failed: string[] = [];
  for (const name of SCRIPTS) {
    if (values.only !== undefined && values.only !== name) continue;
    process.stdout.write(`==> ${name}\n`);
    const code = await runScript(name, values.endpoint ?? cluster?.endpoint ?? "", values.parts);
    if (code !== 0) failed.push(name);
  }
  await cluster?.stop();
  process.stdout.write(failed.length === 0 ? "all passed\n" : `failed: ${failed.join(", ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
