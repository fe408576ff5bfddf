// A source file as the tidy rules see it: its text, its text with comments and strings blanked out (same length,
// same lines), and what it imports.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export type Import = {
  /** As written: "./lsn.ts", "node:fs", "lmdb". */
  readonly specifier: string;
  /** The file inside the repository that a relative specifier names, else null. */
  readonly target: string | null;
  readonly line: number;
};

export type SourceFile = {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** `text` with comments, and the insides of strings and regular expressions, replaced by spaces. */
  readonly code: string;
  readonly imports: readonly Import[];
};

export type Problem = {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** What to write in its place. */
  readonly instead: string;
};

/** Folders that hold nothing of ours, or nothing that is kept. */
const SKIPPED = new Set(["node_modules", "dist", "lib", ".cache", ".git", ".stator", "results"]);

/** All files below `root`, relative to it, sorted. */
export function listFiles(root: string, folder = ""): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) found.push(...listFiles(root, path));
    } else if (entry.isFile()) {
      found.push(path);
    }
  }
  return found.sort();
}

export function readSource(root: string, path: string): SourceFile {
  return parseSource(path, readFileSync(join(root, path), "utf8"));
}

export function parseSource(path: string, text: string): SourceFile {
  const isCode = /\.(ts|mjs|js)$/.test(path);
  const code = isCode ? maskSource(text) : text;
  return { path, text, lines: text.split("\n"), code, imports: isCode ? findImports(path, text, code) : [] };
}

export function isTest(path: string): boolean {
  return /\.(test|fuzz)\.ts$/.test(path);
}

/** The line, from 1, of an offset into the text. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/**
 * Static imports, re-exports, dynamic imports, and worker files named by `new URL("./x.ts", import.meta.url)`. The
 * patterns run over the masked text, so an import inside a string or a comment is not one.
 */
const WORKER_FORM = /\bnew URL\(\s*(["'])( *)\1\s*,\s*import\.meta\.url/g;
const IMPORT_FORMS: readonly RegExp[] = [
  /\b(?:import|export)\b[^;"'()=]*?\bfrom\s*(["'])( *)\1/g,
  /(?:^|\n)\s*import\s*(["'])( *)\1/g,
  /\bimport\s*\(\s*(["'])( *)\1/g,
  WORKER_FORM,
];

function findImports(path: string, text: string, code: string): readonly Import[] {
  const found: Import[] = [];
  for (const form of IMPORT_FORMS) {
    for (const match of code.matchAll(form)) {
      const blank = match[2] ?? "";
      const quoteAt = match.index + match[0].lastIndexOf((match[1] ?? "") + blank + (match[1] ?? ""));
      const specifier = text.slice(quoteAt + 1, quoteAt + 1 + blank.length);
      if (form === WORKER_FORM && !specifier.endsWith(".ts")) continue; // data beside the code
      const target = specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(path), specifier)) : null;
      found.push({ specifier, target, line: lineAt(text, quoteAt) });
    }
  }
  return found;
}

const REGEX_MAY_FOLLOW = /(?:^|[([{,;:=!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|throw|await|yield))\s*$/;

/** Blanks comments and the insides of strings, templates and regular expressions; `${...}` stays code. */
export function maskSource(text: string): string {
  const out: string[] = [];
  /** Depth of braces at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const blank = (end: number): void => {
    out.push(text.slice(at, end).replace(/[^\n]/g, " "));
    at = end;
  };
  const keep = (count: number): void => {
    out.push(text.slice(at, at + count));
    at += count;
  };
  const template = (): void => {
    const end = scanTemplate(text, at);
    blank(end);
    if (text[end] === "`") keep(1);
    else if (end < text.length) {
      keep(2);
      templates.push(depth);
      depth++;
    }
  };
  while (at < text.length) {
    const char = text[at];
    if (text.startsWith("//", at)) blank(indexOrEnd(text, "\n", at));
    else if (text.startsWith("/*", at)) blank(Math.min(text.length, indexOrEnd(text, "*/", at + 2) + 2));
    else if (char === '"' || char === "'") {
      keep(1);
      blank(scanQuoted(text, at, char));
      keep(1);
    } else if (char === "`") {
      keep(1);
      template();
    } else if (char === "}" && templates.at(-1) === depth - 1) {
      templates.pop();
      depth--;
      keep(1);
      template();
    } else if (char === "/" && REGEX_MAY_FOLLOW.test(out.slice(-64).join("").slice(-64))) {
      keep(1);
      blank(scanRegex(text, at));
      keep(1);
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      keep(1);
    }
  }
  return out.join("");
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const at = text.indexOf(wanted, from);
  return at < 0 ? text.length : at;
}

function scanQuoted(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text[at] !== quote && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

/** The offset of the closing backtick or of the next `${`. */
function scanTemplate(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "`" && !text.startsWith("${", at)) at += text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

function scanRegex(text: string, from: number): number {
  let isInClass = false;
  let at = from;
  for (; at < text.length && text[at] !== "\n"; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "[") isInClass = true;
    else if (char === "]") isInClass = false;
    else if (char === "/" && !isInClass) break;
  }
  return Math.min(at, text.length);
}
