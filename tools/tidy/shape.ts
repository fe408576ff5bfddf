// The outer shape of source files: sizes, names, exports, headers, and files that nobody uses.
import { isTest, lineAt, type Problem, type SourceFile } from "./source.ts";

const COLUMNS_MAX = 120;
/** In tests a case is a row of a table, and a row is easier to compare on one line. */
const TEST_COLUMNS_MAX = 160;
/** Lines that hold something else than a comment. Aim at 100 to 400; beyond 500 a file has two concerns. */
const LINES_MAX = 500;

export function checkShape(file: SourceFile): readonly Problem[] {
  const problem = (rule: string, line: number, what: string, instead: string): Problem => (
    { rule, file: file.path, line, what, instead }
  );
  const problems: Problem[] = [];
  const isOfCases = isTest(file.path) || /^test\/(conformance|apps\/scripts)\//.test(file.path);
  const columnsMax = isOfCases ? TEST_COLUMNS_MAX : COLUMNS_MAX;
  for (const [index, line] of file.lines.entries()) {
    if (line.length > columnsMax) {
      problems.push(problem("columns", index + 1, `${line.length} columns`, `break the line at ${columnsMax}`));
    }
  }
  const filled = file.code.split("\n").filter((line) => line.trim() !== "").length;
  if (filled > LINES_MAX) {
    problems.push(problem("lines", 1, `${filled} lines of code`, `split by concern; at most ${LINES_MAX}`));
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|fuzz|d))*\.(ts|mjs)$/.test(file.path.slice(file.path.lastIndexOf("/") + 1))) {
    problems.push(problem("file-name", 1, "a name that is not kebab-case", "small letters, digits and hyphens"));
  }
  if (file.path.startsWith("src/") && !isTest(file.path) && !/^(\/\/|\/\*)/.test(file.text)) {
    problems.push(problem("header", 1, "no header", "begin with a comment that says the file's job"));
  }
  return [...problems, ...checkExports(file, problem)];
}

function checkExports(
  file: SourceFile, problem: (rule: string, line: number, what: string, instead: string) => Problem,
): readonly Problem[] {
  if (file.path.endsWith(".d.ts")) return []; // describes somebody else's exports
  const forms: readonly (readonly [RegExp, string, string])[] = [
    [/\bexport\s+default\b/g, "a default export", "a named export, so that it has one name everywhere"],
    [/\bexport\s+\*/g, "export *", "import from the file that declares it"],
    [/\bexport\s+(?:type\s+)?\{[^}]*\}\s*from\b/g, "a re-export", "import from the file that declares it"],
  ];
  return forms.flatMap(([pattern, what, instead]) => [...file.code.matchAll(pattern)].map((match) => (
    problem("exports", lineAt(file.code, match.index), what, instead)
  )));
}

/** Folders whose files are run or discovered by name. */
const ENTRIES: readonly RegExp[] = [
  /\.test\.ts$/, /^bin\//, /^bench\/[^/]+\.ts$/, /^tools\/[^/]+\.ts$/,
  /^demo\/[^/]+\.ts$/, /^gameday\/(main|healing)\.ts$/, /^test\/.*\bmain\.ts$/, /^test\/apps\/scripts\/[^/]+\.mjs$/,
  /^src\/cli\/sim\.ts$/, /^src\/testing\/(start-stator|stator-thread)\.ts$/, /\.d\.ts$/,
];

/** Source files that nothing imports and nothing runs. */
export function checkDeadFiles(files: readonly SourceFile[]): readonly Problem[] {
  const imported = new Set(files.flatMap(({ imports }) => imports.map(({ target }) => target)));
  return files.filter(({ path }) => !imported.has(path) && !ENTRIES.some((entry) => entry.test(path)))
    .map(({ path }): Problem => ({
      rule: "dead-file", file: path, line: 1, what: "nothing imports this file",
      instead: "delete it, use it, or name it as an entry in tools/tidy/shape.ts",
    }));
}

/** What a compiler leaves behind. It shadows sources and goes stale. */
export function checkGenerated(paths: readonly string[]): readonly Problem[] {
  return paths.filter((path) => path.startsWith("src/") && /\.(js|cjs|mjs|map|d\.ts|tsbuildinfo)$/.test(path))
    .map((file): Problem => ({
      rule: "generated", file, line: 1, what: "a generated file in src",
      instead: "delete it; declarations go to .cache/types, bundles to dist",
    }));
}
