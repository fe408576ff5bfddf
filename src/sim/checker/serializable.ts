// Are transactions serializable, in an order that real time allows? Each transaction appends its name to a list in each
// item that it writes, so the lists in the end tell the order of all writes of an item, and a list that was read tells
// which writes its reader saw. From that follows who must come before whom; an order exists if nobody comes before
// himself.
export type TransactionCall = {
  readonly name: string;
  /** Items that it appends its name to. */
  readonly writes: readonly string[];
  /** Lengths of lists that it saw, and found as its conditions asked, by item; for a read the lists themselves. */
  readonly seen: ReadonlyMap<string, number>;
  readonly invokedUs: number;
  /** Infinity when the result is unknown. */
  readonly returnedUs: number;
  /** done: it took effect. not-done: it certainly did not, and never will. */
  readonly result: "done" | "not-done" | "unknown";
};

/** `lists`: of each item in the end. Null: all is well. */
export function serializabilityFault(
  calls: readonly TransactionCall[], lists: ReadonlyMap<string, readonly string[]>,
): string | null {
  const byName = new Map(calls.map((call) => [call.name, call]));
  for (const [item, list] of lists) {
    if (new Set(list).size !== list.length) return `item ${item} was written twice by one: ${list.join(" ")}`;
    for (const name of list) {
      const call = byName.get(name);
      if (call === undefined || !call.writes.includes(item)) return `item ${item} has ${name}, which is not there`;
    }
  }
  for (const { name, writes, result } of calls) {
    const there = writes.filter((item) => lists.get(item)?.includes(name) === true);
    if (result === "not-done" && there.length > 0) return `${name} was refused, and wrote ${there.join(" ")}`;
    if (there.length === writes.length) continue;
    if (result === "done") return `${name} is done, and wrote ${there.join(" ")} of ${writes.join(" ")}`;
    if (there.length > 0) return `${name} is half done: it wrote ${there.join(" ")} of ${writes.join(" ")}`;
  }
  const effective = calls.filter(({ name, writes, result }) => (
    writes.length === 0 ? result === "done" : lists.get(writes[0] as string)?.includes(name) === true));
  return cycleFault(effective, lists);
}

function cycleFault(
  calls: readonly TransactionCall[], lists: ReadonlyMap<string, readonly string[]>,
): string | null {
  const after: Map<string, Set<string>> = new Map(calls.map(({ name }) => [name, new Set<string>()]));
  const order = (first: string | undefined, second: string | undefined): void => {
    if (first !== undefined && second !== undefined && first !== second) after.get(first)?.add(second);
  };
  for (const list of lists.values()) list.forEach((name, i) => order(list[i - 1], name));
  for (const { name, seen } of calls) {
    for (const [item, length] of seen) {
      const list = lists.get(item) ?? [];
      if (length > list.length) return `${name} saw ${length} writes of item ${item}, which has ${list.length}`;
      order(list[length - 1], name);
      // What it wrote itself comes after what it saw.
      order(name, list[length] === name ? list[length + 1] : list[length]);
    }
  }
  for (const first of calls) {
    for (const second of calls) if (first.returnedUs < second.invokedUs) order(first.name, second.name);
  }
  const cycle = findCycle(after);
  return cycle === null ? null : `no order of these: ${cycle.join(" < ")}`;
}

/** Names along a cycle; null: there is none. */
function findCycle(after: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | null {
  const isDone = new Set<string>();
  for (const start of after.keys()) {
    if (isDone.has(start)) continue;
    const path: { readonly name: string; readonly next: Iterator<string> }[] = [];
    const onPath = new Set<string>();
    const enter = (name: string): void => {
      path.push({ name, next: (after.get(name) ?? new Set<string>()).values() });
      onPath.add(name);
    };
    enter(start);
    for (let top = path[path.length - 1]; top !== undefined; top = path[path.length - 1]) {
      const { done, value } = top.next.next();
      if (done === true) {
        isDone.add(top.name);
        onPath.delete(top.name);
        path.pop();
      } else if (onPath.has(value)) {
        return [...path.slice(path.findIndex(({ name }) => name === value)).map(({ name }) => name), value];
      } else if (!isDone.has(value)) enter(value);
    }
  }
  return null;
}
