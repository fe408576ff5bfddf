// Logs as the model sees them: sequences of entries, each stored once, so that a log is a number and equal logs have
// equal numbers. They form a tree: a log is its parent and one entry more; log 0 is empty.

export const NOOP = 0;
export const VALUE = 1;
export const SPLIT = 2;
export const CONFIG = 3;
export const KIND_NAMES: readonly string[] = ["noop", "value", "split", "config"];

export type Entry = {
  /** Of the leader that proposed it. */
  readonly ballot: number;
  readonly kind: number;
  /** CONFIG: the new configuration (see configuration.ts), and the era that it began; else 0. */
  readonly config: number;
  readonly era: number;
};

export type Log = {
  readonly id: number;
  readonly parent: number;
  readonly entries: readonly Entry[];
  readonly length: number;
  readonly lastBallot: number;
  /** LSN of the last CONFIG entry, 0 when there is none, and the configuration in force. */
  readonly configAt: number;
  readonly config: number;
  /** CONFIG entries in it. */
  readonly epoch: number;
  readonly hasSplit: boolean;
  readonly children: Map<number, number>;
};

/** Above every ballot, configuration and era that a model has: packs an entry into one number. */
const BALLOT_END = 4096;
const CONFIG_END = 4096;

export class LogTable {
  readonly #logs: Log[];

  constructor(firstConfig: number) {
    this.#logs = [{
      id: 0, parent: 0, entries: [], length: 0, lastBallot: 0, configAt: 0, config: firstConfig, epoch: 0,
      hasSplit: false, children: new Map(),
    }];
  }

  get(id: number): Log {
    return this.#logs[id] as Log;
  }

  append(id: number, entry: Entry): number {
    const { ballot, kind, config, era } = entry;
    const key = ((era * CONFIG_END + config) * BALLOT_END + ballot) * 4 + kind;
    const log = this.get(id);
    const known = log.children.get(key);
    if (known !== undefined) return known;
    const child = this.#logs.length;
    const isConfig = kind === CONFIG;
    this.#logs.push({
      id: child, parent: id, entries: [...log.entries, entry], length: log.length + 1, lastBallot: ballot,
      configAt: isConfig ? log.length + 1 : log.configAt, config: isConfig ? config : log.config,
      epoch: log.epoch + (isConfig ? 1 : 0), hasSplit: log.hasSplit || kind === SPLIT, children: new Map(),
    });
    log.children.set(key, child);
    return child;
  }

  prefix(id: number, length: number): number {
    let at = this.get(id);
    while (at.length > length) at = this.get(at.parent);
    return at.id;
  }

  /** How far two logs are equal. */
  common(a: number, b: number): number {
    let x = this.get(a);
    let y = this.get(b);
    while (x.id !== y.id) {
      if (x.length >= y.length) x = this.get(x.parent);
      else y = this.get(y.parent);
    }
    return x.length;
  }

  /** LSN of the first entry of the ballot; 0 when there is none. */
  first(id: number, ballot: number): number {
    const { entries } = this.get(id);
    for (let i = 0; i < entries.length; i++) if ((entries[i] as Entry).ballot === ballot) return i + 1;
    return 0;
  }

  entry(id: number, lsn: number): Entry {
    return this.get(id).entries[lsn - 1] as Entry;
  }

  ballotAt(id: number, lsn: number): number {
    return lsn === 0 ? 0 : this.entry(id, lsn).ballot;
  }

  /** True when log `a` ends better than `b`: higher last ballot, then longer. */
  isBetter(a: number, b: number): boolean {
    const x = this.get(a);
    const y = this.get(b);
    return x.lastBallot > y.lastBallot || (x.lastBallot === y.lastBallot && x.length > y.length);
  }
}
