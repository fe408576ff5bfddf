// npm run lock: completes package-lock.json after an npm install. A lock file lists the optional packages of every
// platform, but npm leaves out those that the registry at hand does not serve, and `npm ci` then refuses the file
// on every machine. What is missing is added from the dependent's own list, with the platform that its name says;
// without a checksum, since nobody here has seen the package: npm checks what the registry says.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { missingOptional, type LockedPackage, type LockFile } from "./tidy/lock-file.ts";

const PATH = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const PROCESSORS: Readonly<Record<string, string>> = {
  arm: "arm", arm64: "arm64", ia32: "ia32", ppc64: "ppc64", riscv64: "riscv64", s390x: "s390x", x64: "x64",
};
const LIBRARIES: Readonly<Record<string, string>> = {
  gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl",
};

function main(): void {
  const lock = JSON.parse(readFileSync(PATH, "utf8")) as LockFile;
  const packages: Record<string, LockedPackage> = { ...lock.packages };
  for (const { name, version, dependent } of missingOptional(lock)) {
    packages[`node_modules/${name}`] = entryOf(name, version, packages[dependent]?.dev === true);
    process.stdout.write(`added ${name}@${version}\n`);
  }
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(PATH, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
}

function entryOf(name: string, version: string, isDev: boolean): LockedPackage {
  const words = name.slice(name.indexOf("/") + 1).split("-");
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = words.map((word) => PROCESSORS[word]).find((processor) => processor !== undefined);
  const libc = os === "linux" ? words.map((word) => LIBRARIES[word]).find((one) => one !== undefined) : undefined;
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not say its platform`);
  return {
    version, cpu: [cpu], ...(isDev ? { dev: true } : {}), ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true, os: [os],
  };
}

main();
