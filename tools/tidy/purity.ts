// What code below runtime must not touch, so that one seed is one history; and what the state machines of
// consensus must not contain.
import { isPure, layerOf } from "./layers.ts";
import { isTest, lineAt, type Problem, type SourceFile } from "./source.ts";

type Ban = { readonly pattern: RegExp; readonly what: string; readonly instead: string };

const CLOCK = "take the Clock port (src/ports/clock.ts)";

/**
 * `(?<![.\w#$])` keeps properties and longer names out: `lease.process` is no access to the global. The compiler
 * refuses most globals by itself below runtime (`types: []`); Date, Math and Promise it knows everywhere.
 */
const BELOW_RUNTIME: readonly Ban[] = [
  { pattern: /(?<![.\w#$])Date\b/g, what: "Date", instead: CLOCK },
  { pattern: /\bMath\.random\b/g, what: "Math.random", instead: "take the Random port, or a Prng (src/base/prng.ts)" },
  {
    pattern: /(?<![.\w#$])(?:set|clear)(?:Timeout|Interval|Immediate)\b|(?<![.\w#$])queueMicrotask\b/g,
    what: "a timer", instead: CLOCK,
  },
  { pattern: /(?<![.\w#$])process\s*[.[]/g, what: "process", instead: "take what you need as an option" },
  { pattern: /(?<![.\w#$])Buffer\b/g, what: "Buffer", instead: "use Uint8Array and src/base" },
  { pattern: /(?<![.\w#$])console\s*\./g, what: "console", instead: "take the Telemetry port" },
  { pattern: /(?<![.\w#$])performance\s*\./g, what: "performance", instead: CLOCK },
  { pattern: /(?<![.\w#$])fetch\s*\(/g, what: "fetch", instead: "take the Network or ObjectStore port" },
  {
    pattern: /\b(?:WeakRef|FinalizationRegistry)\b/g,
    what: "garbage that can be observed", instead: "release explicitly",
  },
  {
    pattern: /(?<![.\w#$])Intl\b|\.localeCompare\b|\.toLocale\w+/g,
    what: "the machine's locale", instead: "compare with < and >, or bytes with src/base",
  },
  { pattern: /\bPromise\.race\b/g, what: "Promise.race", instead: "a deadline on the Clock port, and a callback" },
  { pattern: /(?<![.\w#$])(?:Worker|SharedArrayBuffer|Atomics)\b/g, what: "threads", instead: "a port in runtime" },
  {
    pattern: /\bMath\.(?:a?sinh?|a?cosh?|a?tanh?|atan2|exp|expm1|log1p|pow|cbrt)\b/g,
    what: "a function whose last digit is up to the machine", instead: "integer arithmetic, or a table",
  },
  {
    pattern: /\.stack\b(?!\s*[=([])/g,
    what: "Error.stack", instead: "the message: file paths differ between machines",
  },
];

/** Layers whose code runs to completion, always. */
const SYNCHRONOUS = new Set(["consensus", "admission", "placement"]);
const NO_PROMISES: readonly Ban[] = [{
  pattern: /(?<![.\w#$])(?:async|await)\b|\bPromise\b/g, what: "a promise in a pure state machine",
  instead: "return the effect from ready(); its outcome comes back as an input",
}];

/** Where a plain number or string may become a branded one: where the brand is defined, and where bytes are read. */
export const BRAND_CASTS_ALLOWED: readonly string[] = [
  "src/base/", "src/wire/", "src/model/key-encoding.ts", "src/storage/tree/overlay.ts", "src/ports/contract/",
];

export function checkPurity(file: SourceFile): readonly Problem[] {
  const problems: Problem[] = [];
  if (isPure(file.path)) problems.push(...apply("purity", BELOW_RUNTIME, file));
  if (SYNCHRONOUS.has(layerOf(file.path) ?? "") && !isTest(file.path)) {
    problems.push(...apply("no-promises", NO_PROMISES, file));
  }
  return problems;
}

/** Names of the branded types: what src/base/ids.ts and its siblings declare with Brand<>. */
export function brandNames(files: readonly SourceFile[]): readonly string[] {
  return files.filter(({ path }) => path.startsWith("src/base/")).flatMap(({ code }) => (
    [...code.matchAll(/\bexport type (\w+) = Brand</g)].map(([, name]) => name ?? "")
  ));
}

export function checkBrandCasts(file: SourceFile, brands: readonly string[]): readonly Problem[] {
  if (brands.length === 0 || layerOf(file.path) === null || isTest(file.path)) return [];
  if (BRAND_CASTS_ALLOWED.some((folder) => file.path.startsWith(folder))) return [];
  // `list[i] as Lsn` only takes `undefined` away from what is a Lsn already.
  const pattern = new RegExp(`(?<!\\])\\s+as (?:${brands.join("|")})\\b`, "g");
  return apply("brand-casts", [{
    pattern, what: "a cast to a branded type",
    instead: "parse with its function in src/base/ids.ts, which checks the value",
  }], file);
}

function apply(rule: string, bans: readonly Ban[], file: SourceFile): readonly Problem[] {
  return bans.flatMap(({ pattern, what, instead }) => [...file.code.matchAll(pattern)].map((match): Problem => ({
    rule, file: file.path, line: lineAt(file.code, match.index), what: `${what}: ${match[0].trim()}`, instead,
  })));
}
