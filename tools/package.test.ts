// The package as others install it: what is in it, that its program starts, and `stator/testing` by import, by
// require and for the compiler.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildPackage } from "./build-package.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "stator-package-"));
const installed = join(folder, "node_modules", "stator");
after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  await buildPackage(ROOT);
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], {
    cwd: ROOT, encoding: "utf8",
  }).trim();
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, packed), "-C", installed, "--strip-components", "1"]);
  // What it depends on is taken from here: tests have no network.
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".") && name !== "stator") {
      symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
    }
  }
});

function run(file: string, text: string): string {
  writeFileSync(join(folder, file), text);
  return execFileSync(process.execPath, [join(folder, file)], { encoding: "utf8", cwd: folder });
}

const USE = `
async function main() {
  const stator = await startStator({ zones: 1 });
  const answer = await fetch(stator.endpoint);
  console.log(await answer.text());
  await stator.clock.advance(1000);
  await stator.reset();
  if (process.argv[2] !== "forgetful") await stator.stop();
}
main();
`;

test("there are no sources in it, and no tests", () => {
  assert.ok(!existsSync(join(installed, "src")) && !existsSync(join(installed, "test")));
  assert.ok(existsSync(join(installed, "lib", "main.mjs")));
});

test("stator/testing by import and by require", () => {
  const healthy = "healthy: dynamodb.us-east-1.amazonaws.com \n";
  assert.equal(run("a.mjs", `import { startStator } from "stator/testing";${USE}`), healthy);
  assert.equal(run("a.cjs", `const { startStator } = require("stator/testing");${USE}`), healthy);
});

test("a test that forgets to stop it still ends", () => {
  const text = `process.argv[2] = "forgetful"; import { startStator } from "stator/testing";${USE}`;
  assert.match(run("b.mjs", text), /^healthy/);
});

test("the example of the documents runs", () => {
  const document = readFileSync(join(ROOT, "docs", "testing.md"), "utf8");
  const example = /## node:test\n+```js\n(.*?)```/s.exec(document)?.[1];
  assert.ok(example !== undefined);
  writeFileSync(join(folder, "example.test.mjs"), example);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // else the child reports to this runner
  const out = execFileSync(process.execPath, ["--test", "--test-reporter=tap", join(folder, "example.test.mjs")], {
    encoding: "utf8", cwd: folder, env,
  });
  assert.match(out, /^# pass 1$/m);
});

test("its declarations suit the compiler, from modules and from CommonJS", () => {
  const use = (word: string): string => `
    const stator${word} = await startStator({ zones: 3, logLevel: "silent" });
    await stator${word}.disturb({ throttle: { operations: ["PutItem"], rate: 0.1 }, indexLagMs: 5 });
    const at: Date = await stator${word}.clock.now();
    void at;
    // @ts-expect-error
    await stator${word}.disturb({ throtle: {} });
    await stator${word}.stop();`;
  const types = join(ROOT, "node_modules", "@types");
  writeFileSync(join(folder, "use.mts"), `import { startStator, type Stator } from "stator/testing";${use("A")}
    export type T = Stator;`);
  writeFileSync(join(folder, "use.cts"), `import { startStator } from "stator/testing";
    export async function f(): Promise<void> {${use("B")}}`);
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  execFileSync(tsc, [
    "--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--typeRoots", types, "--types", "node",
    join(folder, "use.mts"), join(folder, "use.cts"),
  ], { encoding: "utf8", cwd: folder });
});

test("its program starts", async () => {
  const child = spawn(process.execPath, [join(installed, "bin", "stator.mjs"), "start", "--in-memory", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.includes("Ctrl-C stops it.")) child.kill("SIGTERM");
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, out);
  assert.match(out, /Stator is ready/);
});
