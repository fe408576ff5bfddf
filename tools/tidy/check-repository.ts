// All tidy rules over all files of a repository.
import { checkLayers } from "./layers.ts";
import { brandNames, checkBrandCasts, checkPurity } from "./purity.ts";
import { checkDeadFiles, checkGenerated, checkShape } from "./shape.ts";
import { listFiles, readSource, type Problem } from "./source.ts";
import { checkDocument, checkWords } from "./text.ts";

/** Texts that are checked for words and paths; anything else is data. */
const TEXT = /\.(ts|mjs|md|json|yml|yaml)$|^\.ci\/|^\.gitignore$/;
/** Written by tools, or by lawyers. */
const NOT_OURS = new Set(["package-lock.json"]);

export function checkRepository(root: string): readonly Problem[] {
  const paths = listFiles(root).filter((path) => !NOT_OURS.has(path));
  const texts = paths.filter((path) => TEXT.test(path)).map((path) => readSource(root, path));
  const sources = texts.filter(({ path }) => /\.(ts|mjs)$/.test(path));
  const documents = new Map(texts.filter(({ path }) => path.endsWith(".md")).map((file) => [file.path, file]));
  const brands = brandNames(sources);
  const known = new Set(paths);
  return [
    ...texts.flatMap(checkWords),
    ...sources.flatMap((file) => [
      ...checkShape(file), ...checkLayers(file), ...checkPurity(file), ...checkBrandCasts(file, brands),
    ]),
    ...checkDeadFiles(sources),
    ...checkGenerated(paths),
    ...[...documents.values()].flatMap((file) => checkDocument(file, documents, known)),
  ];
}

export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(({ rule, file, line, what, instead }) => (
    `${file}:${line}: ${rule}: ${what}\n    instead: ${instead}`
  )).join("\n");
}
