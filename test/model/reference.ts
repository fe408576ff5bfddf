// What a table must do, as simply as it can be said: a Map of items by key. Keys are a text `pk` and a number
// `sk`; items may have a number `n`, a text `s` and a set `tags`.
export type Key = { readonly pk: string; readonly sk: number };

export type Row = Key & { readonly n?: number; readonly s?: string; readonly tags?: readonly string[] };

export type Condition = "none" | "absent" | "present" | "n-above-2";

/** What one update does; all at once, from the old values. */
export type Update = {
  readonly add?: number;
  readonly setS?: string;
  readonly removeS?: boolean;
  readonly addTags?: readonly string[];
  readonly deleteTags?: readonly string[];
};

export type Range =
  | { readonly op: "all" }
  | { readonly op: "=" | "<" | "<=" | ">" | ">="; readonly sk: number }
  | { readonly op: "between"; readonly low: number; readonly high: number };

export type Written =
  | { readonly ok: true; readonly old: Row | null }
  | { readonly ok: false; readonly current: Row | null };

export class ReferenceTable {
  readonly #rows: Map<string, Row> = new Map();

  get size(): number {
    return this.#rows.size;
  }

  get(key: Key): Row | null {
    return this.#rows.get(textOf(key)) ?? null;
  }

  put(row: Row, condition: Condition): Written {
    const old = this.get(row);
    if (!holds(condition, old)) return { ok: false, current: old };
    this.#rows.set(textOf(row), row);
    return { ok: true, old };
  }

  delete(key: Key, condition: Condition): Written {
    const old = this.get(key);
    if (!holds(condition, old)) return { ok: false, current: old };
    this.#rows.delete(textOf(key));
    return { ok: true, old };
  }

  update(key: Key, update: Update, condition: Condition): Written {
    const old = this.get(key);
    if (!holds(condition, old)) return { ok: false, current: old };
    this.#rows.set(textOf(key), updated(old ?? { pk: key.pk, sk: key.sk }, update));
    return { ok: true, old };
  }

  query(pk: string, range: Range, isForward: boolean): readonly Row[] {
    const rows = this.all().filter((row) => row.pk === pk && isWithin(range, row.sk));
    return isForward ? rows : rows.reverse();
  }

  /** By partition key, then by sort key. */
  all(): Row[] {
    return [...this.#rows.values()].sort((a, b) => a.pk < b.pk ? -1 : a.pk > b.pk ? 1 : a.sk - b.sk);
  }
}

function textOf({ pk, sk }: Key): string {
  return JSON.stringify([pk, sk]);
}

function holds(condition: Condition, row: Row | null): boolean {
  switch (condition) {
    case "none": return true;
    case "absent": return row === null;
    case "present": return row !== null;
    case "n-above-2": return row?.n !== undefined && row.n > 2;
  }
}

function updated(row: Row, update: Update): Row {
  const { n, s, tags, ...key } = row;
  const nextN = update.add === undefined ? n : (n ?? 0) + update.add;
  const nextS = update.setS ?? (update.removeS === true ? undefined : s);
  const nextTags = new Set(tags ?? []);
  for (const tag of update.addTags ?? []) nextTags.add(tag);
  for (const tag of update.deleteTags ?? []) nextTags.delete(tag);
  return {
    ...key,
    ...(nextN === undefined ? {} : { n: nextN }),
    ...(nextS === undefined ? {} : { s: nextS }),
    ...(nextTags.size === 0 ? {} : { tags: [...nextTags].sort() }),
  };
}

function isWithin(range: Range, sk: number): boolean {
  switch (range.op) {
    case "all": return true;
    case "=": return sk === range.sk;
    case "<": return sk < range.sk;
    case "<=": return sk <= range.sk;
    case ">": return sk > range.sk;
    case ">=": return sk >= range.sk;
    case "between": return sk >= range.low && sk <= range.high;
  }
}
