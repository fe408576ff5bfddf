// Reads what a SELECT asks for: its key ranges one after the other until the page is full.
import { must } from "../../../base/assert.ts";
import { utf8Decode, utf8Encode } from "../../../base/utf8.ts";
import { newAttributeMap, setAttribute } from "../../../model/attribute-map.ts";
import type { Item } from "../../../model/attribute-value.ts";
import { readUnits } from "../../../model/capacity-units.ts";
import type { PathNode } from "../../../model/expression/ast.ts";
import { valueAt } from "../../../model/expression/document-path.ts";
import { PAGE_BYTES_MAX } from "../../../model/limits.ts";
import type { Execute, ItemJson, Operation, PageOptions, PageOutcome } from "../../../model/operation.ts";
import { failureOf } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { IndexUnits } from "../json-codec/capacity.ts";
import { type PreparedRead, WHOLE_TABLE } from "./prepare-statement.ts";
import type { Position } from "./statement-token.ts";

export type ReadPages = {
  /** JSON of items, joined by commas within a run. */
  readonly runs: readonly ItemJson[];
  readonly count: number;
  /** Of the table itself. */
  readonly units: number;
  readonly indexUnits: readonly IndexUnits[];
  /** Where more may be: the range, and the last key evaluated of it. Null: all is read. */
  readonly next: { readonly index: number; readonly key: Item | null } | null;
};

/** `done` is called once. */
export function readPages(
  execute: Execute, read: PreparedRead, start: Position, limit: number | null, isStrong: boolean,
  done: (result: Result<ReadPages>) => void,
): void {
  const runs: ItemJson[] = [];
  let count = 0;
  let scanned = 0;
  let bytes = 0;
  let units = 0;
  let indexUnits = 0;
  const rangeCount = read.ranges?.length ?? 1;
  const finish = (next: ReadPages["next"]): void => {
    const { local, global } = read.target;
    const index = global ?? local?.index ?? null;
    const ofIndex = index === null ? [] : [{ name: index.name, units: indexUnits, isGlobal: global !== null }];
    done(ok({ runs, count, units, indexUnits: ofIndex, next }));
  };
  const take = (page: PageOutcome, index: number): void => {
    for (const run of page.runs) runs.push(reshaped(run, read.projection));
    count += page.count;
    scanned += page.scanned;
    bytes += page.scannedBytes;
    if (read.target.local === null && read.target.global === null) units += readUnits(page.scannedBytes, isStrong);
    else {
      const steps = page.fetched?.steps ?? 0;
      units += isStrong ? steps : steps / 2;
      indexUnits += readUnits(page.scannedBytes, isStrong);
    }
    const isFull = (limit !== null && scanned >= limit) || bytes >= PAGE_BYTES_MAX;
    if (page.lastKey !== null) {
      finish({ index, key: page.lastKey });
    } else if (index + 1 === rangeCount) {
      finish(null);
    } else if (isFull) {
      finish({ index: index + 1, key: null });
    } else step({ index: index + 1, after: null });
  };
  const step = (position: Position): void => {
    const left = limit === null ? null : limit - scanned;
    execute(operationOf(read, position, left, isStrong), (outcome) => {
      if (outcome.kind === "page") take(outcome, position.index);
      else done(no(failureOf(outcome)));
    });
  };
  step(start);
}

function operationOf(read: PreparedRead, position: Position, limit: number | null, isStrong: boolean): Operation {
  const { target, ranges, projection, filter, isForward } = read;
  const table = target.rows;
  const page: PageOptions = {
    isForward, limit, after: position.after, filter, isCountOnly: false, isStrong,
    projection: isNested(projection) ? null : projection,
    ...read.index,
  };
  if (ranges === null) return { kind: "scan", table, ...WHOLE_TABLE, page };
  const { point, from, to } = must(ranges[position.index], "positions are checked where they enter");
  return { kind: "query", table, point, from, to, page };
}

function isNested(projection: readonly PathNode[] | null): boolean {
  return projection !== null && projection.some((path) => path.length > 1);
}

/** A path into an attribute comes back under its own last name, not within the attributes around it. */
function reshaped(run: ItemJson, projection: readonly PathNode[] | null): ItemJson {
  if (projection === null || !isNested(projection)) return run;
  const items = JSON.parse(`[${must(utf8Decode(run), "stored items are UTF-8")}]`) as readonly Item[];
  return utf8Encode(items.map((item) => JSON.stringify(pick(item, projection))).join(","));
}

function pick(item: Item, projection: readonly PathNode[]): Item {
  const picked = newAttributeMap();
  for (const path of projection) {
    const value = valueAt(item, path);
    if (value !== undefined) setAttribute(picked, lastName(path), value);
  }
  return picked;
}

/** `a.b` is b; `a.b[0]` is b[0]. */
function lastName(path: PathNode): string {
  let at = path.length - 1;
  while (typeof path[at] === "number") at--;
  return String(path[at]) + path.slice(at + 1).map((index) => `[${index}]`).join("");
}
