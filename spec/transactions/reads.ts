// Steps of transactions that read: two looks, without writes.
import type { Numbers } from "../search.ts";
import { CONFIRMED, GOT, LOCK, VER, type Model } from "./model.ts";

function isHeld(m: Model, s: Numbers, items: number): boolean {
  for (let i = 0; i < m.itemCount; i++) if (((items >> i) & 1) === 1 && s[m.item(i) + LOCK] !== 0) return true;
  return false;
}

/** The first look, at the items in partition p; the only one when all are there. */
export function look(m: Model, s: Numbers, r: number, p: number): Numbers | null {
  const all = m.bound.reads[r] as number;
  const wanted = m.at(s, all, p);
  const at = m.reader(r);
  if (wanted === 0) return null;
  for (let i = 0; i < m.itemCount; i++) if (((wanted >> i) & 1) === 1 && s[at + GOT + i] !== 0) return null;
  const isEnough = wanted === all || m.isMutant("GetLooksOnce");
  if (isEnough && isHeld(m, s, wanted)) return null;
  const next = s.slice();
  for (let i = 0; i < m.itemCount; i++) {
    if (((wanted >> i) & 1) === 0) continue;
    next[at + GOT + i] = 2 * (s[m.item(i) + VER] as number) + 1;
    next[m.seen(r) + i] = m.seenTs(s, i);
  }
  if (isEnough) confirmed(m, next, r, wanted);
  return next;
}

/** The second look, at the items in partition p: nothing changed, and nothing is held. */
export function confirm(m: Model, s: Numbers, r: number, p: number): Numbers | null {
  const all = m.bound.reads[r] as number;
  const wanted = m.at(s, all, p);
  const at = m.reader(r);
  if (wanted === 0 || ((s[at + CONFIRMED] as number) & wanted) !== 0) return null;
  for (let i = 0; i < m.itemCount; i++) {
    if (((all >> i) & 1) === 1 && s[at + GOT + i] === 0) return null;
    if (((wanted >> i) & 1) === 1 && s[m.seen(r) + i] !== m.seenTs(s, i)) return null;
  }
  if (isHeld(m, s, wanted) && !m.isMutant("GetIgnoresLocks")) return null;
  const next = s.slice();
  confirmed(m, next, r, wanted);
  return next;
}

/** What was seen of confirmed items matters no more. */
function confirmed(m: Model, s: Numbers, r: number, wanted: number): void {
  const at = m.reader(r);
  s[at + CONFIRMED] = (s[at + CONFIRMED] as number) | wanted;
  for (let i = 0; i < m.itemCount; i++) if (((wanted >> i) & 1) === 1) s[m.seen(r) + i] = 0;
}
