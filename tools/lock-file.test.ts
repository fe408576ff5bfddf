// `npm ci` must take package-lock.json on every platform, whatever machine wrote it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { missingOptional, type LockFile } from "./tidy/lock-file.ts";

test("the lock file names the packages of all platforms", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as LockFile;
  const missing = missingOptional(lock).map(({ name }) => name);
  assert.deepEqual(missing, [], "run `npm run lock`");
});

test("what is missing is found, what is nested or hoisted is not", () => {
  const lock: LockFile = {
    packages: {
      "": { optionalDependencies: { own: "1.0.0", absent: "1.0.0" } },
      "node_modules/own": { version: "1.0.0", optionalDependencies: { hoisted: "2.0.0", nested: "3.0.0", lost: "4.0.0" } },
      "node_modules/own/node_modules/nested": { version: "3.0.0", optionalDependencies: { hoisted: "2.0.0" } },
      "node_modules/hoisted": { version: "2.0.0" },
    },
  };
  assert.deepEqual(missingOptional(lock), [
    { name: "absent", version: "1.0.0", dependent: "" },
    { name: "lost", version: "4.0.0", dependent: "node_modules/own" },
  ]);
});
