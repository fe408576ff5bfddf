// Writes docs/compatibility.md: what of DynamoDB's API there is, from the registry of operations.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REGISTRY, isOfStreams } from "../src/roles/api/operations.ts";
import type { Entry, State } from "../src/roles/api/registry/entry.ts";

const FILE = join(import.meta.dirname, "..", "docs", "compatibility.md");

const HEAD = `# Compatibility

Made from the registry of operations (\`src/roles/api/registry\`) by \`node tools/compatibility.ts\`; a test
fails when it is not the newest. The registry itself is compared with the model of the SDK that is installed: no
operation and no parameter can be left out.

- **complete**: does what DynamoDB does, and fails with its errors.
- **partial**: what is missing is told.
- **not yet**: the input is checked as DynamoDB checks it; how it is answered in the meantime is told.

Nothing is taken and ignored: what a server of this kind cannot do is refused, or kept and told as DynamoDB tells it.
`;

function nameOf(target: string): string {
  return target.slice(target.indexOf(".") + 1);
}

function cell(state: State): string {
  return state.kind === "complete" ? "complete" : `${state.kind}: ${state.text}`;
}

/** Names of parameters in the state of the operation itself, then those that are in another. */
function parametersOf({ handler, parameters }: Entry): string {
  const own = handler.shape.members.map(({ name }) => name).filter((name) => parameters[name] === undefined).sort();
  const others = Object.entries(parameters).map(([name, state]) => `**${name}** (${cell(state)})`);
  return [...own, ...others].join(", ");
}

function table(title: string, entries: readonly (readonly [string, Entry])[]): string {
  const rows = entries.map(([name, entry]) => `| ${name} | ${cell(entry.state)} | ${parametersOf(entry)} |`);
  return `\n## ${title}\n\n| operation | state | parameters |\n|---|---|---|\n${rows.join("\n")}\n`;
}

export function compatibilityText(): string {
  const all = [...REGISTRY].toSorted(([a], [b]) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const count = (kind: State["kind"]): number => all.filter(([, { state }]) => state.kind === kind).length;
  const counts = `\nOf ${all.length} operations ${count("complete")} are complete, ${count("partial")} partial and `
    + `${count("not yet")} not yet there.\n`;
  const named = (isStreams: boolean): readonly (readonly [string, Entry])[] => all
    .filter(([target]) => isOfStreams(target) === isStreams).map(([target, entry]) => [nameOf(target), entry]);
  return HEAD + counts + table("DynamoDB", named(false)) + table("DynamoDB Streams", named(true));
}

if (process.argv[1] === import.meta.filename) writeFileSync(FILE, compatibilityText());
