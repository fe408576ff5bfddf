// The log's index against a dumb model: entries, cuts, configurations, bases, releases, restarts and forgetting in
// random order, with segments so small that deletions and restatements happen all the time. Restarts are clean, or the
// power goes: then the log must be one that the model was at, no older than what was durable.
// Replay one seed with SEED=n.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, epoch, groupId, lsn, nodeId } from "../../base/ids.ts";
import type { GroupId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "../../sim/world/sim-disk.ts";
import { encodeConfiguration, LOG, STORAGE } from "../../wire/group-configuration.ts";
import type { Configuration } from "../../wire/group-configuration.ts";
import { BASE, COMMIT, CONFIG, CONFIGURATION, NOOP, PROMISE, SPLIT, WRITE } from "../../wire/log-record.ts";
import type { EntryKind, LogRecord } from "../../wire/log-record.ts";
import { makeEntry, makeRecord } from "../../wire/record-checksum.ts";
import { openWal } from "./wal.ts";
import type { Wal } from "./wal.ts";

const telemetry = { event: (): void => undefined };
const SEEDS = 150;
const STEPS = 400;
const NOTHING = new Uint8Array(0);

type ModelEntry = { readonly lsn: number; readonly ballot: number; readonly kind: EntryKind; readonly text: string };
type ModelConfiguration = { readonly lsn: number; readonly ballot: number; readonly configuration: Configuration };

/** All there ever was of a group since it began or began anew; what is deleted is known by `released`. */
class Model {
  entries: ModelEntry[] = [];
  base: { readonly lsn: number; readonly ballot: number } | null = null;
  configurations: ModelConfiguration[] = [];
  promised = 0;
  commit = 0;
  released = 0;

  copy(): Model {
    const copy = Object.assign(new Model(), this);
    copy.entries = [...this.entries];
    copy.configurations = [...this.configurations];
    return copy;
  }

  get last(): number {
    return this.entries.at(-1)?.lsn ?? this.base?.lsn ?? 0;
  }

  append(entry: ModelEntry, configuration: Configuration | null): void {
    this.entries = this.entries.filter((other) => other.lsn < entry.lsn);
    this.configurations = this.configurations.filter((other) => other.lsn < entry.lsn);
    this.entries.push(entry);
    if (configuration !== null) this.configurations.push({ lsn: entry.lsn, ballot: entry.ballot, configuration });
  }

  begin(at: number, ballot: number): void {
    this.entries = [];
    this.configurations = [];
    this.base = { lsn: at, ballot };
    this.commit = at;
    this.released = at;
  }

  get split(): number {
    return this.entries.find((entry) => entry.kind === SPLIT)?.lsn ?? 0;
  }
}

type Models = Map<GroupId, Model>;

class Fuzz {
  readonly prng: Prng;
  clock = new ManualClock();
  readonly disk: SimDisk;
  models: Models = new Map();
  /** What the log says from append sequence `from` on; not older than needed to judge a power-off. */
  history: { readonly from: number; readonly models: Models }[] = [];
  readonly isLosingPower: boolean;
  wal: Wal;
  writes = 0;
  epochs = 0;
  readonly seen = { restatedBase: 0, droppedBase: 0, superseded: 0, deleted: 0, splits: 0, lost: 0 };

  constructor(seed: number, isLosingPower: boolean) {
    this.prng = new Prng(seed);
    this.isLosingPower = isLosingPower;
    this.disk = new SimDisk("wal", this.clock, this.prng.split("disk"), SIM_DISK_DEFAULT);
    this.wal = this.open();
    this.note(0);
  }

  /** The models are what the log says from its append `from` on. */
  note(from: number): void {
    if (!this.isLosingPower) return;
    const isSettled = (at: number): boolean => (this.history[at + 1]?.from ?? Infinity) <= this.wal.durableSeq;
    while (isSettled(0)) this.history.shift();
    this.history.push({ from, models: new Map([...this.models].map(([group, model]) => [group, model.copy()])) });
  }

  append(record: LogRecord, change: () => void): void {
    const sequence = this.wal.append(record);
    change();
    this.note(sequence);
  }

  open(): Wal {
    const random = {
      u32: (): number => this.prng.u32(), below: (n: number): number => this.prng.below(n),
      bytes: (n: number): Uint8Array => this.prng.bytes(n),
    };
    const opened = openWal(this.disk, {
      node: nodeId(3), clock: this.clock, segmentBytes: 4096, batchBytesMax: 1024, sealDelayMs: 20, random,
    }, telemetry);
    assert.ok(opened.ok, opened.ok ? "" : `${opened.error.file}@${opened.error.offset}: ${opened.error.message}`);
    return opened.wal;
  }

  configuration(): Configuration {
    const nodes = [1, 2, 3, 4, 5].slice(0, this.prng.between(1, 5));
    return {
      epoch: epoch(++this.epochs),
      replicas: nodes.map((node, i) => ({ node: nodeId(node), kind: i === 0 ? STORAGE : LOG, votes: i < 3 })),
    };
  }

  entry(group: GroupId, model: Model, at: number): void {
    const { prng } = this;
    const dice = prng.below(12);
    const kind = dice === 0 ? CONFIG : dice === 1 ? NOOP : dice === 2 && model.split === 0 ? SPLIT : WRITE;
    const ballot = 65_537 + Math.floor(this.writes / 50) * 65_536;
    const configuration = kind === CONFIG ? this.configuration() : null;
    const text = configuration === null ? `${++this.writes} ${"x".repeat(prng.below(300))}` : "";
    const payload = configuration === null ? new TextEncoder().encode(text) : encodeConfiguration(configuration);
    this.append(makeEntry(kind, group, lsn(at), ballotFrom(ballot), payload), () => {
      model.append({ lsn: at, ballot, kind, text }, configuration);
    });
    // A crash may leave the entry without the record: it must be known all the same.
    if (configuration !== null && prng.chance(3, 4)) {
      this.wal.append(makeRecord(CONFIGURATION, group, lsn(at), ballotFrom(ballot), payload));
    }
    if (kind === SPLIT) this.seen.splits++;
  }

  first(group: GroupId, model: Model): void {
    const configuration = this.configuration();
    this.append(makeRecord(CONFIGURATION, group, lsn(0), ballotFrom(0), encodeConfiguration(configuration)), () => {
      model.configurations.push({ lsn: 0, ballot: 0, configuration });
    });
  }

  install(group: GroupId, model: Model): void {
    const { prng } = this;
    const at = prng.below(60);
    const ballot = 65_537 + prng.below(3) * 65_536;
    this.append(makeRecord(BASE, group, lsn(at), ballotFrom(ballot), NOTHING), () => model.begin(at, ballot));
    if (prng.chance(1, 8)) return;
    const configuration = this.configuration();
    const since = prng.below(at + 1);
    const payload = encodeConfiguration(configuration);
    this.append(makeRecord(CONFIGURATION, group, lsn(since), ballotFrom(ballot), payload), () => {
      model.configurations.push({ lsn: since, ballot, configuration });
    });
  }

  step(): void {
    const { prng } = this;
    const group = groupId(prng.between(1, 4));
    let model = this.models.get(group);
    if (model === undefined) {
      this.models.set(group, model = new Model());
      if (prng.chance(1, 2)) this.install(group, model);
      else this.first(group, model);
    }
    const dice = prng.below(40);
    if (dice < 22) this.entry(group, model, model.last + 1);
    else if (dice < 24) this.cut(group, model);
    else if (dice < 26) this.promise(group, model);
    else if (dice < 28) this.commit(group, model);
    else if (dice < 33) this.release(group, model);
    else if (dice === 33) this.install(group, model);
    else if (dice === 34 && prng.chance(1, 3)) this.forget(group);
    if (prng.chance(1, 2)) this.wal.flush();
    if (prng.chance(1, 2)) this.clock.advance(prng.below(30) / 10);
    if (prng.chance(1, 20)) this.clock.advance(30);
    if (!prng.chance(1, 25)) return;
    if (this.isLosingPower) this.losePower();
    else this.restart();
  }

  cut(group: GroupId, model: Model): void {
    const lowest = Math.max(model.released, model.commit, model.base?.lsn ?? 0) + 1;
    if (lowest <= model.last) this.entry(group, model, this.prng.between(lowest, model.last));
  }

  promise(group: GroupId, model: Model): void {
    const promised = model.promised + 65_536 * this.prng.between(1, 3);
    this.append(makeRecord(PROMISE, group, lsn(0), ballotFrom(promised), NOTHING), () => {
      model.promised = promised;
    });
  }

  commit(group: GroupId, model: Model): void {
    const commit = this.prng.between(model.commit, model.last);
    this.append(makeRecord(COMMIT, group, lsn(commit), ballotFrom(0), NOTHING), () => {
      model.commit = commit;
    });
  }

  /** Only what is committed, as every owner does. */
  release(group: GroupId, model: Model): void {
    const upTo = this.prng.chance(1, 2) ? model.commit : this.prng.between(0, model.commit);
    this.wal.release(group, lsn(upTo));
    const end = model.split !== 0 && upTo >= model.split ? model.split - 1 : upTo;
    if (end > model.released) model.released = end;
  }

  forget(group: GroupId): void {
    const sequence = this.wal.forgetGroup(group);
    this.models.delete(group);
    this.note(sequence);
    assert.ok(this.wal.isForgotten(group));
  }

  /** A clean end: nothing is lost. */
  restart(): void {
    let isClosed = false;
    this.wal.close(() => {
      isClosed = true;
    });
    this.clock.advance(100);
    assert.ok(isClosed);
    this.wal = this.open();
    for (const model of this.models.values()) model.released = 0;
    this.compare();
  }

  losePower(): void {
    const { durableSeq } = this.wal;
    this.disk.powerOff();
    this.clock = new ManualClock();
    this.disk.powerOn(this.clock);
    this.wal = this.open();
    const known = this.history.findLastIndex(({ from }) => from <= durableSeq);
    const possible = this.history.slice(known);
    let wrong: unknown = null;
    const isFound = possible.some(({ models }) => {
      this.models = new Map([...models].map(([group, model]) => [group, model.copy()]));
      for (const model of this.models.values()) model.released = 0;
      try {
        this.compare();
        return true;
      } catch (error) {
        wrong = error;
        return false;
      }
    });
    if (!isFound) throw new Error(`none of ${possible.length} states`, { cause: wrong });
    if (possible.length > 1) this.seen.lost++;
    this.history = [];
    this.note(0);
  }

  compare(): void {
    const segment = this.wal.inspect().segments[0] ?? 1;
    if (segment > 1) this.seen.deleted++;
    for (const id of [1, 2, 3, 4]) {
      const group = groupId(id);
      const model = this.models.get(group);
      const state = this.wal.groupState(group);
      if (model === undefined) {
        assert.equal(state, null, `group ${id} is forgotten`);
        continue;
      }
      assert.ok(state !== null, `group ${id}`);
      this.compareGroup(group, model);
    }
  }

  compareGroup(group: GroupId, model: Model): void {
    const state = this.wal.groupState(group);
    assert.ok(state !== null);
    assert.equal(state.promised, model.promised);
    assert.equal(state.commit, model.commit);
    assert.equal(state.split, model.split);
    const { first, last, base } = state;
    if (model.entries.length === 0) {
      assert.deepEqual([first, last], [0, 0]);
      assert.deepEqual(base, model.base);
      if (base !== null) this.seen.restatedBase++;
    } else {
      assert.equal(last, model.last);
      const lowest = model.entries[0]?.lsn ?? 0;
      assert.ok(first >= lowest && first <= Math.max(lowest, model.commit + 1, 1) && first <= last);
      if (base === null) this.seen.droppedBase += model.base === null ? 0 : 1;
      else {
        assert.deepEqual(base, model.base);
        assert.equal(first, base.lsn + 1, "a base stands next to the first entry");
      }
      const read = this.wal.readEntriesSync(group, first, 1 << 24);
      assert.ok(read.ok);
      const expected = model.entries.filter((entry) => entry.lsn >= first);
      const heads = read.entries.map((e) => [e.lsn, e.ballot, e.kind]);
      assert.deepEqual(heads, expected.map((e) => [e.lsn, e.ballot, e.kind]));
      for (const [i, entry] of read.entries.entries()) {
        if (entry.kind !== CONFIG) assert.equal(new TextDecoder().decode(entry.payload), expected[i]?.text);
      }
    }
    this.compareConfigurations(model, state.configurations);
  }

  /** All those that can still be cut are there, and the one in force before them. */
  compareConfigurations(model: Model, found: readonly unknown[]): void {
    const settled = model.configurations.findLastIndex((known) => known.lsn <= model.commit);
    assert.deepEqual(found, model.configurations.slice(Math.max(0, settled)));
    if (settled > 0) this.seen.superseded++;
  }
}

for (const isLosingPower of [false, true]) {
  test(`the index agrees with a model; restarts are ${isLosingPower ? "power-offs" : "clean"}`, () => {
    const fixed = process.env["SEED"];
    const seeds = fixed === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(fixed)];
    const seen: Record<string, number> = {};
    for (const seed of seeds) {
      try {
        const fuzz = new Fuzz(seed, isLosingPower);
        for (let i = 0; i < STEPS; i++) {
          fuzz.step();
          if (i % 16 === 0) fuzz.compare();
        }
        fuzz.restart();
        for (const [name, count] of Object.entries(fuzz.seen)) seen[name] = (seen[name] ?? 0) + count;
      } catch (error) {
        throw new Error(`SEED=${seed} node --test src/storage/wal/log-index.test.ts`, { cause: error });
      }
    }
    if (fixed !== undefined) return;
    if (!isLosingPower) delete seen["lost"];
    for (const [name, count] of Object.entries(seen)) assert.ok(count > 20, `${name}: ${count}`);
  });
}
