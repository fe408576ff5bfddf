// Transactions at the leader of a partition. `prepare` evaluates the actions on items of the partition against the
// newest proposed state and either does all of them at once, when they are the whole transaction, or locks the items
// with what becomes of them. `finish` does what was planned, or nothing, and releases the items. Nothing is awaited
// between looking and adding; and nothing derived from what is in flight leaves before that is committed.
//
// A prepare that comes after its attempt was cancelled locks its items for as long as it takes to find out: see
// transaction-recovery.ts.
import { assert, must } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";
import { utf8ToBinary } from "../../base/binary-string.ts";
import { storageKey } from "../../base/ids.ts";
import { encodeRow, rowBody, stampableCopy, storedSize } from "../../model/item-codec.ts";
import { pointOfKey, pointPrefix, SPACES } from "../../model/key-encoding.ts";
import type { Outcome, TransactAction, WriteOperation } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { LeaderSession, Waiter } from "../../replication/leader-session.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { FinishWork, PreparedOutcome, PrepareWork, Request, WorkOutcome } from "../../wire/data-messages.ts";
import { evaluateWrite, type Evaluated } from "./evaluate-write.ts";
import { encodeHead, encodeLock, HELD_MS_MAX, lockKey, planOf, type Plan } from "./locks.ts";
import { elsewhere, redirect } from "./moved.ts";
import { FOREIGN, SHED, UNKNOWN_FATE, type Ready, type Writes, type WritesEnv } from "./writes.ts";

type Planned = {
  readonly key: StorageKey;
  readonly before: Uint8Array | null;
  readonly evaluated: Evaluated;
  readonly outcome: Outcome;
};
type Plans = { readonly kind: "plans"; readonly plans: readonly Planned[]; readonly isRival: boolean };

const CONFLICT: Outcome = { kind: "conflict" };
const UNHEARD: Waiter = { settled: () => undefined };
const TOKEN_BYTES = 16;

export class Transactions {
  readonly #env: WritesEnv;
  readonly #writes: Writes;

  constructor(env: WritesEnv, writes: Writes) {
    this.#env = env;
    this.#writes = writes;
  }

  // ---- Prepare.

  onPrepare(host: GroupHost, request: Request, work: PrepareWork): void {
    const outcome = this.#prepare(host, request, work);
    if (outcome !== null) this.#env.answer(request, outcome);
  }

  /** Null: the answer follows. */
  #prepare(host: GroupHost, request: Request, work: PrepareWork): WorkOutcome | null {
    const { session } = host;
    const { actions, isWhole, token } = work;
    if (session === null || host.isClosed) return elsewhere(host, this.#env.placed);
    const ready = this.#writes.ready(host, session, must(actions[0]).table);
    if (ready.kind !== "ready") return ready;
    if (!actions.every(({ address }) => ready.partition.covers(address.point))) return FOREIGN;
    const known = token === null ? null : tokenKey(ready.table, token.address.key, token.text);
    const row = known === null ? null : this.#writes.newest(session, known);
    if (row !== null && "kind" in row) return this.#writes.damaged(row);
    const claim = row === null ? 0 : claimOf(row);
    if (isWhole && known !== null && claim !== 0 && claim >= must(token).claim) {
      // A later claim means that this attempt is one of long ago: its request was answered then.
      return this.#settle(host, session, request, [known], prepared("repeated", 0, [], claim, false));
    }
    // Only here, behind the token: who is told of a refusal takes it that nothing was done, by a former try either.
    const isShed = session.isFull() || this.#env.tree.isOverloaded;
    const refusal = isShed ? SHED : this.#writes.refusal(ready);
    if (refusal !== null) {
      const refusals = refused(actions.map(() => refusal), claim, false);
      return this.#settle(host, session, request, known === null ? [] : [known], refusals);
    }
    const planned = this.#plan(session, ready, work);
    if (planned.kind === "corrupt") return this.#writes.damaged(planned);
    const { plans, isRival } = planned;
    const outcomes = plans.map(({ outcome }) => outcome);
    if (outcomes.some(({ kind }) => kind !== "written")) {
      const keys = plans.map(({ key }) => key);
      if (known !== null) keys.push(known);
      return this.#settle(host, session, request, keys, refused(outcomes, claim, isRival));
    }
    if (!isWhole) return this.#lock(host, session, request, ready, work, plans, claim);
    if (plans.length > 1 && bytesOf(plans) > session.flightBytesMax) return prepared("too-large", 0, [], claim, false);
    return this.#apply(host, session, request, ready, work, plans, known);
  }

  #plan(session: LeaderSession, ready: Ready, { actions, name }: PrepareWork): Plans | TreeDamage {
    const plans: Planned[] = [];
    let isRival = false;
    for (const action of actions) {
      const { key } = action.address;
      const before = this.#writes.newest(session, key);
      if (before !== null && "kind" in before) return before;
      const evaluated = evaluateAction(action, before, ready.table);
      const lock = ready.partition.locks.get(key);
      if (lock !== undefined) {
        if (lock.name.entry === name.entry) isRival = true;
        plans.push({ key, before, evaluated, outcome: CONFLICT });
        continue;
      }
      const outcome = this.#writes.withCollection(session, key, evaluated);
      if (outcome.kind === "corrupt") return outcome;
      plans.push({ key, before, evaluated, outcome });
    }
    return { kind: "plans", plans, isRival };
  }

  #apply(
    host: GroupHost, session: LeaderSession, request: Request, ready: Ready, { token }: PrepareWork,
    plans: readonly Planned[], known: StorageKey | null,
  ): WorkOutcome | null {
    const outcome = prepared("applied", plans.length, plans.map((plan) => plan.outcome), 0, false);
    let isChanged = false;
    for (const { key, before, evaluated } of plans) {
      if (evaluated.value === undefined) continue;
      this.#writes.change(host, session, ready, key, before, evaluated, false, UNHEARD);
      isChanged = true;
    }
    if (known !== null) session.addRow(known, encodeClaim(known, must(token).claim));
    else if (!isChanged) return this.#settle(host, session, request, plans.map(({ key }) => key), outcome);
    session.addWaiter(new Answer(this.#env, request, 1, outcome));
    this.#env.replicator.wake(host);
    return null;
  }

  #lock(
    host: GroupHost, session: LeaderSession, request: Request, ready: Ready, { name, token }: PrepareWork,
    plans: readonly Planned[], claim: number,
  ): WorkOutcome | null {
    const askAtMs = this.#env.clock.monotonicMs() + HELD_MS_MAX;
    const head = encodeHead(name, null);
    const outcomes: Outcome[] = [];
    for (const { key, before, evaluated, outcome } of plans) {
      if (session.isFull()) break;
      const place = lockKey(key);
      const claimed = token !== null && token.claim > 0 && token.address.key === key ? token : null;
      const planned = evaluated.value;
      session.addRow(place, encodeLock(place, claimed === null ? head : encodeHead(name, claimed), planned));
      ready.partition.locks.set(key, { name, askAtMs, plan: { before, planned, claimed } });
      outcomes.push(outcome);
    }
    assert(outcomes.length > 0, "a session that is not full takes one row");
    const outcome = prepared("locked", outcomes.length, outcomes, claim, false);
    session.addWaiter(new Answer(this.#env, request, 1, outcome));
    this.#env.replicator.wake(host);
    return null;
  }

  // ---- Finish.

  onFinish(host: GroupHost, request: Request, { id, table, keys, isCommitted }: FinishWork): void {
    const { session } = host;
    if (session === null || host.isClosed) {
      this.#env.answer(request, elsewhere(host, this.#env.placed));
      return;
    }
    const ready = this.#writes.ready(host, session, table);
    if (ready.kind !== "ready") {
      this.#env.answer(request, ready);
      return;
    }
    let count = 0;
    let released = 0;
    for (const key of keys) {
      const lock = ready.partition.locks.get(key);
      if (lock?.name.id === id) {
        if (session.isFull()) break;
        const damage = this.#release(host, session, ready, key, isCommitted);
        if (damage !== null) {
          this.#env.answer(request, this.#writes.damaged(damage));
          return;
        }
        released++;
      }
      count++;
    }
    if (released > 0) session.addWaiter(new Answer(this.#env, request, 1, { kind: "finished", count }));
    else if (count === 0) this.#env.answer(request, redirect(host));
    else {
      const places = keys.slice(0, count).map(lockKey);
      const outcome = this.#settle(host, session, request, places, { kind: "finished", count });
      if (outcome !== null) this.#env.answer(request, outcome);
    }
  }

  /** Ends all that an attempt holds in the partition, as far as there is room. */
  finishAll(host: GroupHost, id: string, isCommitted: boolean): void {
    const { session } = host;
    const { placed, led } = this.#env;
    if (session === null || host.isClosed) return;
    const partition = led.of(host, session, null);
    if (partition.kind !== "led") return;
    const known = placed.schemaOf(partition.table);
    const table = known === null ? null : led.newest(partition, known);
    if (table === null) return;
    const ready: Ready = { kind: "ready", partition, table };
    for (const [key, lock] of [...partition.locks]) {
      if (lock.name.id !== id) continue;
      if (session.isFull()) return;
      const damage = this.#release(host, session, ready, key, isCommitted);
      if (damage !== null) {
        this.#writes.damaged(damage);
        return;
      }
    }
  }

  #release(
    host: GroupHost, session: LeaderSession, ready: Ready, key: StorageKey, isCommitted: boolean,
  ): TreeDamage | null {
    const place = lockKey(key);
    if (isCommitted) {
      const plan = ready.partition.locks.get(key)?.plan ?? this.#planAt(session, key, place);
      if ("kind" in plan) return plan;
      const { before, planned, claimed } = plan;
      if (planned !== undefined && (planned !== null || before !== null)) {
        const operation = decided(ready.table, key, planned === null ? null : stampableCopy(planned));
        const evaluated = evaluateWrite(operation, before, ready.table, true);
        this.#writes.change(host, session, ready, key, before, evaluated, false, UNHEARD);
      }
      // A repetition that fits one round by now must find that the transaction was done in parts.
      if (claimed !== null) {
        const known = tokenKey(ready.table, key, claimed.text);
        const kept = this.#writes.newest(session, known);
        if (kept !== null && "kind" in kept) return kept;
        if (kept === null || claimOf(kept) < claimed.claim) session.addRow(known, encodeClaim(known, claimed.claim));
      }
    }
    session.addRow(place, null);
    ready.partition.locks.delete(key);
    this.#env.replicator.wake(host);
    return null;
  }

  /** What was planned for an item that another leader locked. */
  #planAt(session: LeaderSession, key: StorageKey, place: StorageKey): Plan | TreeDamage {
    const row = this.#writes.newest(session, place);
    if (row !== null && "kind" in row) return row;
    const before = this.#writes.newest(session, key);
    if (before !== null && "kind" in before) return before;
    return planOf(must(row, "an item is held by a row"), before);
  }

  // ----

  /** Answers once what is in flight on `keys` is committed; a lease vouches for what is not in flight. */
  #settle(
    host: GroupHost, session: LeaderSession, request: Request, keys: readonly StorageKey[], outcome: WorkOutcome,
  ): WorkOutcome | null {
    const inFlight = keys.filter((key) => session.newest(key) !== undefined);
    if (inFlight.length === 0) {
      return host.core.isLeaseLive(this.#env.clock.monotonicMs()) ? outcome : redirect(host);
    }
    const answer = new Answer(this.#env, request, inFlight.length, outcome);
    for (const key of inFlight) session.waitFor(key, answer);
    return null;
  }
}

/** Answers when all that it waits for is committed. */
class Answer implements Waiter {
  readonly #env: WritesEnv;
  readonly #request: Request;
  readonly #outcome: WorkOutcome;
  #left: number;
  #isCommitted = true;

  constructor(env: WritesEnv, request: Request, left: number, outcome: WorkOutcome) {
    this.#env = env;
    this.#request = request;
    this.#outcome = outcome;
    this.#left = left;
  }

  settled(isCommitted: boolean): void {
    this.#isCommitted &&= isCommitted;
    this.#left--;
    if (this.#left === 0) this.#env.answer(this.#request, this.#isCommitted ? this.#outcome : UNKNOWN_FATE);
  }
}

function prepared(
  state: PreparedOutcome["state"], count: number, outcomes: readonly Outcome[], claim: number, isRival: boolean,
): PreparedOutcome {
  return { kind: "prepared", state, count, outcomes, claim, isRival };
}

function refused(outcomes: readonly Outcome[], claim: number, isRival: boolean): PreparedOutcome {
  return prepared("refused", 0, outcomes, claim, isRival);
}

/** A check is a deletion that does not happen. It costs what the item has. */
function evaluateAction(action: TransactAction, before: Uint8Array | null, table: TableSchema): Evaluated {
  if (action.kind !== "check") return evaluateWrite(action, before, table);
  const { address, condition, returnOldOnFailure } = action;
  const checked = evaluateWrite({
    kind: "delete", table: action.table, address, condition, returnOldOnFailure, returnValues: "NONE",
  }, before, action.table);
  const size = before === null ? 0 : storedSize(before);
  const outcome: Outcome = checked.outcome.kind === "written"
    ? { kind: "written", attributes: null, oldSize: size, newSize: size } : checked.outcome;
  return { outcome, value: undefined, items: 0, bytes: 0, derived: [], collectionBytes: null };
}

function decided(table: TableSchema, key: StorageKey, planned: Uint8Array | null): WriteOperation {
  const common = {
    table, address: { key, point: pointOfKey(key) }, condition: null, returnValues: "NONE", returnOldOnFailure: false,
  } as const;
  return planned === null ? { kind: "delete", ...common }
    : { kind: "put", ...common, itemBytes: planned, itemSize: storedSize(planned) };
}

/** What the entry of the log has of them, with room for what follows the table: old and new images. */
function bytesOf(plans: readonly Planned[]): number {
  let bytes = 0;
  for (const { before, evaluated: { value, derived } } of plans) {
    if (value === undefined) continue;
    bytes += (before?.length ?? 0) + (value?.length ?? 0);
    for (const row of derived) bytes += row.key.length + (row.value?.length ?? 0);
  }
  return bytes;
}

// ---- Tokens: kept at the first item's point. The body of a row: f64 claim, f64 0, little-endian.

function tokenKey(table: TableSchema, first: StorageKey, text: string): StorageKey {
  return storageKey(pointPrefix(table.id, pointOfKey(first), SPACES.tokens) + utf8ToBinary(text));
}

function encodeClaim(key: StorageKey, claim: number): Uint8Array {
  const body = new Uint8Array(TOKEN_BYTES);
  new DataView(body.buffer).setFloat64(0, claim, true);
  return encodeRow(body, key);
}

/** Claim of a token's row, microseconds since 1970. */
export function claimOf(stored: Uint8Array): number {
  const body = rowBody(stored);
  assert(body.length === TOKEN_BYTES, "the row of a token");
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getFloat64(0, true);
}
