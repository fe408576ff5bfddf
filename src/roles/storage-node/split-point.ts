// Where to split a partition, and which share of its items comes to lie left of that point. From a bounded look at
// the tree: all keys of a small partition, else a few at the beginning of each of many equal pieces of its hash range,
// whose distances say how dense the keys lie there.
import { assert } from "../../base/assert.ts";
import { hashPoint, type HashPoint, type TableId } from "../../base/ids.ts";
import { pointOfKey, scanBounds } from "../../model/key-encoding.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";

/** `leftShare`: about which part of the items lies left of `at`, 0 to 1. */
export type SplitPoint =
  | { readonly kind: "split-point"; readonly at: HashPoint; readonly leftShare: number }
  | { readonly kind: "refused"; readonly reason: string }
  | TreeDamage;

type Span = { readonly table: TableId; readonly from: HashPoint; readonly to: HashPoint };
/** Keys in [from, to), counted or estimated. */
type Piece = { readonly from: number; readonly to: number; readonly keys: number };

/** A partition with no more keys than this is looked at as a whole: a few milliseconds. */
const WHOLE_KEYS_MAX = 4_096;
const PIECES = 64;
const PIECE_KEYS_MAX = 64;

/** `wanted` null: the point that halves the items. */
export function findSplitPoint(tree: ItemTree, span: Span, wanted: HashPoint | null): SplitPoint {
  if (wanted !== null && (wanted <= span.from || wanted >= span.to)) {
    return refused("the point is not inside of the partition");
  }
  const points: number[] = [];
  const damage = readPoints(tree, span, WHOLE_KEYS_MAX + 1, points);
  if (damage !== null) return damage;
  if (points.length <= WHOLE_KEYS_MAX) return ofAll(points, wanted);
  const pieces: Piece[] = [];
  const width = (span.to - span.from) / PIECES;
  for (let i = 0; i < PIECES; i++) {
    const from = hashPoint(span.from + Math.floor(i * width));
    const to = i === PIECES - 1 ? span.to : hashPoint(span.from + Math.floor((i + 1) * width));
    if (from >= to) continue;
    const sample: number[] = [];
    const found = readPoints(tree, { ...span, from, to }, PIECE_KEYS_MAX, sample);
    if (found !== null) return found;
    const last = sample[sample.length - 1];
    const seen = last === undefined || sample.length < PIECE_KEYS_MAX ? to - from : last - from + 1;
    pieces.push({ from, to, keys: sample.length * ((to - from) / seen) });
  }
  return ofPieces(tree, span, pieces, wanted);
}

/** Of every key, ascending. */
function ofAll(points: readonly number[], wanted: HashPoint | null): SplitPoint {
  const first = points[0];
  if (first === undefined || first === points[points.length - 1]) return TOO_FEW;
  let at: number = wanted ?? 0;
  if (wanted === null) {
    // The border between two distinct points that is nearest to the middle; never the first key's point itself.
    let best = Infinity;
    for (let i = 1; i < points.length; i++) {
      const distance = Math.abs(i - points.length / 2);
      if (points[i] === points[i - 1] || distance >= best) continue;
      best = distance;
      at = points[i] as number;
    }
  }
  let left = 0;
  while (left < points.length && (points[left] as number) < at) left++;
  return { kind: "split-point", at: hashPoint(at), leftShare: left / points.length };
}

function ofPieces(tree: ItemTree, span: Span, pieces: readonly Piece[], wanted: HashPoint | null): SplitPoint {
  let total = 0;
  for (const piece of pieces) total += piece.keys;
  assert(total > 0, "a partition with many keys has some in a piece");
  let at: number = wanted ?? 0;
  if (wanted === null) {
    let before = 0;
    for (const { from, to, keys } of pieces) {
      if (before + keys >= total / 2) {
        at = Math.floor(from + (to - from) * ((total / 2 - before) / keys));
        break;
      }
      before += keys;
    }
    at = Math.min(Math.max(at, span.from + 1), span.to - 1);
    for (const side of [{ from: span.from, to: hashPoint(at) }, { from: hashPoint(at), to: span.to }]) {
      const one: number[] = [];
      const damage = readPoints(tree, { table: span.table, ...side }, 1, one);
      if (damage !== null) return damage;
      if (one.length === 0) return TOO_FEW; // all keys lie so close together that a split would not divide them
    }
  }
  let left = 0;
  for (const { from, to, keys } of pieces) left += keys * Math.min(Math.max((at - from) / (to - from), 0), 1);
  return { kind: "split-point", at: hashPoint(at), leftShare: left / total };
}

/** Adds the hash points of the first keys of the span. */
function readPoints(tree: ItemTree, span: Span, keysMax: number, into: number[]): TreeDamage | null {
  const { from, to } = scanBounds(span.table, span.from, span.to);
  return tree.scan(from, to, true, (key) => {
    into.push(pointOfKey(key));
    return into.length < keysMax;
  });
}

const TOO_FEW: SplitPoint = refused("the partition has fewer than two distinct hash points to divide");

function refused(reason: string): SplitPoint {
  return { kind: "refused", reason };
}
