// The bundle that Stator starts from: used only while it matches the sources.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildBundle, freshBundle } from "../bin/bundle.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "stator-bundle-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A small program in the place of Stator, saved long ago. */
function save(path: string, text: string, secondsAgo: number): void {
  writeFileSync(join(root, path), text);
  const at = Date.now() / 1_000 - secondsAgo;
  utimesSync(join(root, path), at, at);
}

async function said(url: string): Promise<string> {
  const { main } = await import(url) as { main: () => string };
  return main();
}

test("a bundle is fresh until a file that went into it changes, and survives being built twice", async () => {
  mkdirSync(join(root, "src", "cli"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(root, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  save("src/cli/main.ts", 'import { word } from "./word.ts";\nexport function main(): string { return word; }\n', 60);
  save("src/cli/word.ts", 'export const word: string = "first";\n', 60);
  save("src/cli/unused.ts", "export const nothing: number = 0;\n", 60);
  assert.equal(freshBundle(root), null);

  const [one, two] = await Promise.all([buildBundle(root), buildBundle(root)]);
  assert.ok(one !== null && one === two);
  assert.equal(freshBundle(root), one);
  assert.equal(await said(one), "first");

  save("src/cli/unused.ts", "export const nothing: number = 1;\n", 50);
  assert.equal(freshBundle(root), one);
  save("src/cli/word.ts", 'export const word: string = "other";\n', 50);
  assert.equal(freshBundle(root), null);
  const next = await buildBundle(root);
  assert.ok(next !== null && next !== one);
  assert.equal(await said(next), "other");
  save("src/cli/word.ts", 'export const word: string = "third";\n', 40);
  const last = await buildBundle(root);
  assert.ok(last !== null);
  assert.equal(await said(last), "third");
  assert.deepEqual(readdirSync(join(root, "dist")).length, 3, "the current one, the one before, and the manifest");
});

test("a file that is saved while it is bundled makes no bundle", async () => {
  save("src/cli/word.ts", 'export const word: string = "future";\n', -60);
  assert.equal(await buildBundle(root), null);
  assert.equal(freshBundle(root), null);
});
