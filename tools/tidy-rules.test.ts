// The tidy rules against small bad samples: each rule must find what it forbids, and leave alone what looks like
// it and is not. Samples are assembled from pieces where the whole would itself break a rule.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLayers } from "./tidy/layers.ts";
import { brandNames, checkBrandCasts, checkPurity } from "./tidy/purity.ts";
import { applyExceptions } from "./tidy/ratchet.ts";
import { checkDeadFiles, checkGenerated, checkShape } from "./tidy/shape.ts";
import { maskSource, parseSource, type Problem } from "./tidy/source.ts";
import { checkDocument, checkWords } from "./tidy/text.ts";

type Check = (path: string, text: string) => readonly Problem[];
const layers: Check = (path, text) => checkLayers(parseSource(path, text));
const purity: Check = (path, text) => checkPurity(parseSource(path, text));
const shape: Check = (path, text) => checkShape(parseSource(path, text));
const words: Check = (path, text) => checkWords(parseSource(path, text));
const casts: Check = (path, text) => checkBrandCasts(parseSource(path, text), ["Lsn", "Ballot"]);

function rules(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ rule }) => rule);
}

test("masking blanks comments, strings, templates and regular expressions, and keeps lines", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a // Date", "a        "],
    ["a /* Date\n x */ b", "a        \n      b"],
    ['f("Date\\"x") + Date', 'f("       ") + Date'],
    ["`Date ${Date + `in ${b} out`} Date`", "`     ${Date + `   ${b}    `}     `"],
    ["`${{ a: { b: 1 } }} Date`", "`${{ a: { b: 1 } }}     `"],
    ["x = /Date[/\"]/.test(y)", "x = /        /.test(y)"],
    ["a / b / Date", "a / b / Date"],
    ["return /Da\\/te/", "return /      /"],
    ["'//' + Date", "'  ' + Date"],
  ];
  for (const [text, expected] of cases) assert.equal(maskSource(text), expected);
});

test("imports are found in each form, and not inside comments and strings", () => {
  const file = parseSource("src/roles/api/x.ts", [
    'import { a,', '  b } from "../../base/ids.ts";', 'import type { C } from "./c.ts";', 'import "./d.ts";',
    'const e = await import("./e.ts");', 'export type { F } from "./f.ts";',
    'new Worker(new URL("./g.ts", import.meta.url));', '// import "./no.ts";', 'const s = \'import "./no.ts"\';',
    'new URL("../package.json", import.meta.url);',
  ].join("\n"));
  assert.deepEqual(file.imports.map(({ target }) => target).sort(), [
    "src/base/ids.ts", "src/roles/api/c.ts", "src/roles/api/d.ts", "src/roles/api/e.ts", "src/roles/api/f.ts",
    "src/roles/api/g.ts",
  ]);
  assert.equal(file.imports.find(({ target }) => target === "src/base/ids.ts")?.line, 2);
});

test("imports point towards the more basic", () => {
  const bad: readonly (readonly [string, string])[] = [
    ["src/base/x.ts", "../model/limits.ts"],
    ["src/ports/x.ts", "../wire/log-record.ts"],
    ["src/consensus/x.ts", "../storage/wal/wal.ts"],
    ["src/consensus/x.ts", "../ports/clock.ts"],
    ["src/roles/api/x.ts", "../router/role.ts"],
    ["src/roles/api/x.test.ts", "../router/role.ts"],
    ["src/runtime/x.ts", "../storage/wal/wal.ts"],
    ["src/sim/world/x.ts", "../../runtime/node-clock.ts"],
    ["src/app/x.ts", "../sim/world/event-loop.ts"],
    ["src/base/x.ts", "node:fs"],
    ["src/sim/x.ts", "node:fs"],
    ["src/storage/x.ts", "lmdb"],
    ["src/cli/x.ts", "left-pad"],
    ["src/model/x.ts", "../../tools/bench.ts"],
    ["src/surprise/x.ts", "../base/ids.ts"],
  ];
  for (const [path, specifier] of bad) {
    assert.deepEqual(rules(layers(path, `import { x } from "${specifier}";`)), ["layers"], `${path} ${specifier}`);
  }
  const good: readonly (readonly [string, string])[] = [
    ["src/consensus/x.ts", "../wire/log-record.ts"],
    ["src/roles/api/x.ts", "./sigv4/y.ts"],
    ["src/roles/api/sigv4/x.ts", "../errors.ts"],
    ["src/sim/x.ts", "../roles/api/role.ts"],
    ["src/storage/x.ts", "sorted-btree"],
    ["src/runtime/x.ts", "node:fs"],
    ["src/runtime/lmdb-kv.ts", "lmdb"],
    ["src/storage/x.test.ts", "node:test"],
    ["src/storage/x.test.ts", "../runtime/memory-disk.ts"],
    ["src/model/x.test.ts", "fast-check"],
    ["tools/x.ts", "node:fs"],
  ];
  for (const [path, specifier] of good) {
    assert.deepEqual(layers(path, `import { x } from "${specifier}";`), [], `${path} ${specifier}`);
  }
});

test("below runtime nothing reads clocks, chance or the machine", () => {
  const bad = [
    "Date.now()", "new Date()", "Math.random()", "setTimeout(f, 1)", "clearInterval(t)", "queueMicrotask(f)",
    "process.env", "Buffer.alloc(1)", "console.log(1)", "performance.now()", "new WeakRef(x)",
    "new FinalizationRegistry(f)", "new Intl.Collator()", "a.localeCompare(b)", "n.toLocaleString()",
    "Promise.race([a])", "fetch(url)", "new Worker(x)", "new SharedArrayBuffer(8)", "Math.pow(a, b)", "error.stack",
  ];
  for (const code of bad) {
    assert.deepEqual(rules(purity("src/replication/x.ts", code)), ["purity"], code);
    assert.deepEqual(rules(purity("src/sim/world/x.ts", code)), ["purity"], code);
    assert.deepEqual(purity("src/runtime/x.ts", code), [], code);
    assert.deepEqual(purity("src/replication/x.test.ts", code), [], code);
  }
  const good = [
    "// Date", '"Date.now()"', "const CreationDate = 1", "clock.setTimeout(1)", "this.process.env", "type process = 1",
    "Math.min(a, b)", "updateDate()", "x.Buffer", "the.stack(1)",
  ];
  for (const code of good) assert.deepEqual(purity("src/replication/x.ts", code), [], code);
});

test("state machines hold no promises", () => {
  for (const code of ["async function f() {}", "await f()", "const p: Promise<void> = f()"]) {
    for (const layer of ["consensus", "admission", "placement"]) {
      assert.deepEqual(rules(purity(`src/${layer}/x.ts`, code)), ["no-promises"], code);
    }
    assert.deepEqual(purity("src/roles/api/x.ts", code), [], code);
  }
  assert.deepEqual(purity("src/consensus/x.ts", "type Promised = 1; this.promise(b)"), []);
});

test("brands are made where bytes are read, nowhere else", () => {
  assert.deepEqual(rules(casts("src/roles/api/x.ts", "f(n as Lsn, m as Ballot)")), ["brand-casts", "brand-casts"]);
  assert.deepEqual(casts("src/wire/codec/x.ts", "n as Lsn"), []);
  assert.deepEqual(casts("src/roles/api/x.ts", "list[0] as Lsn; import { x as Lsnx } from './y.ts'"), []);
  const ids = parseSource("src/base/ids.ts", 'export type Lsn = Brand<number, "Lsn">;\nexport type Plain = number;');
  assert.deepEqual(brandNames([ids]), ["Lsn"]);
});

test("sizes, names, exports and headers", () => {
  const header = "// Does a thing.\n";
  const found = (path: string, text: string): readonly string[] => rules(shape(path, text));
  assert.deepEqual(found("src/a/x.ts", `${header}${"x".repeat(121)}`), ["columns"]);
  assert.deepEqual(found("src/a/x.test.ts", "x".repeat(160)), []);
  assert.deepEqual(found("test/conformance/x.ts", "x".repeat(160)), []);
  assert.deepEqual(found("src/a/x.ts", `${header}${"f();\n".repeat(501)}`), ["lines"]);
  assert.deepEqual(found("src/a/x.ts", `${header}${"// why\n".repeat(600)}`), []);
  assert.deepEqual(found("src/a/badName.ts", header), ["file-name"]);
  assert.deepEqual(found("src/a/x.ts", "f();"), ["header"]);
  assert.deepEqual(found("src/a/x.ts", `${header}export default f;`), ["exports"]);
  assert.deepEqual(found("src/a/x.ts", `${header}export * from "./y.ts";`), ["exports"]);
  assert.deepEqual(found("src/a/x.ts", `${header}export { y } from "./y.ts";`), ["exports"]);
  assert.deepEqual(found("src/a/x.ts", `${header}export type { Y } from "./y.ts";`), ["exports"]);
  assert.deepEqual(found("src/a/good-name.fuzz.ts", `${header}export const from = 1; export { from };`), []);
});

test("files that nobody uses, and files that a compiler left", () => {
  const files = [
    parseSource("src/a/used.ts", ""), parseSource("src/a/dead.ts", ""),
    parseSource("src/a/x.test.ts", 'import { u } from "./used.ts";'),
  ];
  assert.deepEqual(checkDeadFiles(files).map(({ file }) => file), ["src/a/dead.ts"]);
  const generated = checkGenerated(["src/a/x.js", "src/a/x.d.ts", "src/a/x.ts", "demo/y.d.ts", "src/a/x.tsbuildinfo"]);
  assert.deepEqual(generated.map(({ file }) => file), ["src/a/x.js", "src/a/x.d.ts", "src/a/x.tsbuildinfo"]);
});

test("notes to oneself, paths of one machine and unfinished merges", () => {
  const bad = ["TO" + "DO later", "// FIX" + "ME", "see /ho" + "me/ann/x", "cat /ro" + "ot/.x", "<<<<" + "<<< mine"];
  for (const text of bad) assert.deepEqual(rules(words("src/a/x.ts", text)), ["words"], text);
  for (const text of ["a TODOList", "/var/lib/stator", "docs/work/x", "the method", "https://x.org/home/y"]) {
    assert.deepEqual(words("README.md", text), [], text);
  }
});

test("documents have one title and links that lead somewhere", () => {
  const other = parseSource("docs/b.md", "# B\n\n## Two words, here\n");
  const check = (text: string): readonly string[] => rules(checkDocument(
    parseSource("docs/a.md", text), new Map([["docs/b.md", other]]), new Set(["docs/a.md", "docs/b.md", "src/base/ids.ts"]),
  ));
  assert.deepEqual(check("# A\n[x](b.md) [y](../src/base) [z](b.md#two-words-here) [w](https://example.com)\n"), []);
  assert.deepEqual(check("# A\n```\n# not a title\n[x](no.md)\n```\n"), []);
  assert.deepEqual(check("text\n"), ["title"]);
  assert.deepEqual(check("# A\n# B\n"), ["title"]);
  assert.deepEqual(check("# A\n[x](c.md)\n"), ["links"]);
  assert.deepEqual(check("# A\n[x](b.md#three)\n"), ["links"]);
});

test("an exception covers what it names, and must not be wider", () => {
  const problem: Problem = { rule: "lines", file: "src/a/x.ts", line: 1, what: "", instead: "" };
  const exception = (countMax: number): readonly { rule: string; file: string; countMax: number; reason: string }[] => [
    { rule: "lines", file: "src/a/x.ts", countMax, reason: "generated table" },
  ];
  assert.deepEqual(applyExceptions([problem], exception(1)), []);
  assert.deepEqual(rules(applyExceptions([problem, problem], exception(1))), ["lines", "lines"]);
  assert.deepEqual(rules(applyExceptions([problem], exception(2))), ["ratchet"]);
  assert.deepEqual(rules(applyExceptions([], exception(1))), ["ratchet"]);
});
