// Reads the constants of a TLC configuration file. The same file is read by model checkers of TLA+ and by the models
// in TypeScript, so there is one place for each number. Whatever is not understood is thrown: a bound that is read
// wrongly would check something else.

export const NO_MUTANT = "none";

export class Constants {
  readonly name: string;
  readonly #values: ReadonlyMap<string, string>;

  constructor(name: string, cfg: string) {
    const values = new Map<string, string>();
    for (const line of cfg.split("\n")) {
      const match = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(line.replace(/\\\*.*$/, ""));
      if (match !== null) values.set(match[1] ?? "", match[2] ?? "");
    }
    this.name = name;
    this.#values = values;
  }

  #read(key: string): string {
    const value = this.#values.get(key);
    if (value === undefined) throw new Error(`${this.name}: no constant ${key}`);
    return value;
  }

  integer(key: string): number {
    if (!/^\d+$/.test(this.#read(key))) throw new Error(`${this.name}: ${key} is no number`);
    return Number(this.#read(key));
  }

  flag(key: string): boolean {
    if (!/^(TRUE|FALSE)$/.test(this.#read(key))) throw new Error(`${this.name}: ${key} is neither TRUE nor FALSE`);
    return this.#read(key) === "TRUE";
  }

  text(key: string): string {
    return this.#read(key).replace(/^"(.*)"$/, "$1");
  }

  set(key: string): readonly string[] {
    const inner = /^\{(.*)\}$/.exec(this.#read(key))?.[1];
    if (inner === undefined) throw new Error(`${this.name}: ${key} is no set`);
    return inner.split(",").map((item) => item.trim().replace(/^"(.*)"$/, "$1")).filter((item) => item !== "");
  }

  integers(key: string): readonly number[] {
    return this.set(key).map((item) => {
      if (!/^\d+$/.test(item)) throw new Error(`${this.name}: ${key} has ${item}, which is no number`);
      return Number(item);
    });
  }
}

/** The text of the same bound with another mutant. */
export function withMutant(cfg: string, mutant: string): string {
  return cfg.replace(/^(\s*Mutant\s*=\s*)"[^"]*"/m, `$1"${mutant}"`);
}
