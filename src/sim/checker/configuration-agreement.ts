// Every replica that applies the configuration of an epoch applies the same one; epochs follow each other without a
// gap; and from one to the next at most one vote comes or goes, so that their quorums share a member.
import type { Configuration } from "../../wire/group-configuration.ts";
import { violation, type Violation } from "./violation.ts";

const CHECKER = "configuration-agreement";

export class ConfigurationAgreement {
  readonly #known: Map<number, Map<number, Configuration>> = new Map();
  changes = 0;

  /** A committed configuration, as `node` applied it. */
  note(group: number, node: number, configuration: Configuration): Violation | null {
    const { epoch, replicas } = configuration;
    let epochs = this.#known.get(group);
    if (epochs === undefined) this.#known.set(group, epochs = new Map());
    const known = epochs.get(epoch);
    if (known !== undefined) {
      return textOf(known) === textOf(configuration) ? null : violation(CHECKER, `group ${group} epoch ${epoch}: node `
        + `${node} applied ${textOf(configuration)}, another ${textOf(known)}`);
    }
    epochs.set(epoch, configuration);
    this.changes++;
    if (!replicas.some(({ votes }) => votes)) return violation(CHECKER, `group ${group} epoch ${epoch}: nobody votes`);
    for (const near of [epochs.get(epoch - 1), epochs.get(epoch + 1)]) {
      if (near === undefined || changedVotes(near, configuration) <= 1) continue;
      const both = `${textOf(near)} and ${textOf(configuration)}`;
      return violation(CHECKER, `group ${group}: between ${both} more than one vote changes`);
    }
    return null;
  }
}

function changedVotes(a: Configuration, b: Configuration): number {
  const before = votersOf(a);
  const after = votersOf(b);
  return [...before].filter((node) => !after.has(node)).length + [...after].filter((node) => !before.has(node)).length;
}

function votersOf({ replicas }: Configuration): Set<number> {
  return new Set(replicas.filter(({ votes }) => votes).map(({ node }) => node));
}

function textOf({ epoch, replicas }: Configuration): string {
  const list = replicas.map(({ node, kind, votes }) => `${node}${kind === 1 ? "" : "L"}${votes ? "" : "?"}`);
  return `${epoch}:[${list.join(" ")}]`;
}
