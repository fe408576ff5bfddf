// Rules for everything a person reads: words that must not be left behind, paths of one machine, and documents.
import { posix } from "node:path";
import { lineAt, type Problem, type SourceFile } from "./source.ts";

type Word = { readonly pattern: RegExp; readonly what: string; readonly instead: string };

/** Built from pieces, so that this file does not hold what it forbids. */
const MARKERS = ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"];
const HOME_PATHS = ["/ho" + "me/[a-z]", "/ro" + "ot/", "/Us" + "ers/[a-zA-Z]", "/wo" + "rk/", "/tm" + "p/[a-z]"];

const WORDS: readonly Word[] = [
  {
    pattern: new RegExp(`\\b(?:${MARKERS.join("|")})\\b`, "g"), what: "a note to oneself",
    instead: "do it, or write what is missing into docs/STATUS.md",
  },
  {
    pattern: new RegExp(`(?<![\\w.~$}])(?:${HOME_PATHS.join("|")})`, "g"), what: "a path of one machine",
    instead: "a relative path, os.tmpdir(), or an option",
  },
  { pattern: /^(?:<{7} |={7}$|>{7} )/gm, what: "a merge that was not finished", instead: "choose one side" },
];

export function checkWords(file: SourceFile): readonly Problem[] {
  return WORDS.flatMap(({ pattern, what, instead }) => [...file.text.matchAll(pattern)].map((match): Problem => ({
    rule: "words", file: file.path, line: lineAt(file.text, match.index), what: `${what}: ${match[0]}`, instead,
  })));
}

/** One title, first; and links inside the repository that lead somewhere, down to the heading. */
export function checkDocument(file: SourceFile, documents: ReadonlyMap<string, SourceFile>, paths: ReadonlySet<string>,
): readonly Problem[] {
  const problem = (rule: string, line: number, what: string, instead: string): Problem => (
    { rule, file: file.path, line, what, instead }
  );
  const problems: Problem[] = [];
  const prose = maskCode(file.text);
  const titles = [...prose.matchAll(/^# \S.*$/gm)];
  if (titles.length !== 1 || titles[0]?.index !== 0) {
    problems.push(problem("title", 1, `${titles.length} titles`, "one `# Title`, on the first line"));
  }
  for (const match of prose.matchAll(/\]\(([^()\s]+)\)/g)) {
    const link = match[1] ?? "";
    if (/^[a-z]+:/.test(link)) continue;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file.path : posix.normalize(posix.join(posix.dirname(file.path), path));
    const line = lineAt(prose, match.index);
    if (!isPath(target, paths)) {
      problems.push(problem("links", line, `${link} leads nowhere`, "name a file, relative to this one"));
    } else if (anchor !== undefined && !headings(documents.get(target)?.text ?? "").has(anchor)) {
      problems.push(problem("links", line, `${target} has no #${anchor}`, "name a heading, as GitHub spells it"));
    }
  }
  return problems;
}

function isPath(target: string, paths: ReadonlySet<string>): boolean {
  const folder = target.replace(/\/?$/, "/");
  return paths.has(target) || [...paths].some((path) => path.startsWith(folder));
}

function headings(text: string): ReadonlySet<string> {
  return new Set([...maskCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) => (
    title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")
  )));
}

/** Blanks fenced blocks: what looks like a heading or a link in them is a sample. */
function maskCode(text: string): string {
  return text.replace(/^(```|~~~)[^]*?^\1/gm, (block) => block.replace(/[^\n]/g, " "));
}
