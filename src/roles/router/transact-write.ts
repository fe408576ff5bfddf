// TransactWriteItems: the coordinator. Actions on items of one partition are done there in one round; a token is
// claimed in the ledger before. Else in two phases: all items are locked with what becomes of them, the attempt decides
// itself by a conditional put into the ledger, and then its locks are ended one way or the other. The client is
// answered when they are, so that whoever reads after the answer sees the writes.
//
// A coordinator may stop anywhere: whoever leads a partition with its locks asks the ledger, after a while, what became
// of it, and cancels it there if it is not decided. So nothing is committed without the ledger, and nothing that is
// committed there is lost.
import { buggify } from "../../base/buggify.ts";
import { tableId, type TableId } from "../../base/ids.ts";
import {
  decodeEntry, entryGet, entryOfClaim, entryPut, type Entry, type EntryState,
} from "../../model/ledger.ts";
import type {
  GetOperation, GetOutcome, Outcome, Refusal, TransactAction, TransactWriteOperation, WriteOutcome,
} from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { PrepareWork, TransactionName } from "../../wire/data-messages.ts";
import { Locking } from "./locking.ts";
import type { Answered } from "./pending.ts";
import { TRANSACTION_MS_MAX, type Routes } from "./routes.ts";
import { refusalOf, transactGet } from "./transact-get.ts";

/** Before the ledger, or a partition that may have done the transaction, is asked again. */
const RETRY_MS = 20;
/** Attempts of one request: each follows another that was decided meanwhile. */
const ATTEMPTS_MAX = 4;
const STOPPED: Refusal = { kind: "unavailable", reason: "the transaction's coordinator stopped; its fate is open" };
const NO_LEDGER: Refusal = { kind: "unavailable", reason: "there is no ledger yet" };
const CONFLICT: Refusal = { kind: "conflict" };
/** Of an attempt that is done in one round: nothing is locked in its name. */
const NO_TABLE: TableId = tableId(1);

export function transactWrite(
  routes: Routes, operation: TransactWriteOperation, done: (outcome: Outcome) => void,
): void {
  new Transaction(routes, operation, done).begin();
}

class Transaction {
  readonly #routes: Routes;
  readonly #operation: TransactWriteOperation;
  readonly #done: (outcome: Outcome) => void;
  readonly #deadlineMs: number;
  #ledger: TableSchema | null = null;
  #attempts = 0;
  /** Of the attempt. */
  #name: TransactionName;

  constructor(routes: Routes, operation: TransactWriteOperation, done: (outcome: Outcome) => void) {
    this.#routes = routes;
    this.#operation = operation;
    this.#done = done;
    this.#deadlineMs = routes.clock.monotonicMs() + TRANSACTION_MS_MAX;
    this.#name = this.#newName(null, 0);
  }

  begin(): void {
    const { actions, token } = this.#operation;
    const isWhole = this.#routes.byPartition(actions, actions.map((_, i) => i)).size === 1;
    if (isWhole && token === null) {
      this.#whole(0);
      return;
    }
    this.#withLedger(() => {
      if (isWhole && token !== null) this.#claim(token);
      else this.#lock(token, 0);
    });
  }

  #withLedger(then: () => void): void {
    if (this.#ledger !== null) {
      then();
      return;
    }
    this.#routes.ledger(this.#deadlineMs, (ledger) => {
      this.#ledger = ledger;
      if (ledger === null) this.#done(NO_LEDGER);
      else then();
    });
  }

  /** `after`: a timestamp that the new one must pass. */
  #newName(entry: string | null, after: number): TransactionName {
    const { self, clock, random } = this.#routes;
    const timestamp = Math.max(Math.floor(clock.wallMs() * 1000), after + 1);
    const id = `${self}.${timestamp.toString(36)}.${random.u32().toString(36)}`;
    return { id, timestamp, ledger: this.#ledger?.id ?? NO_TABLE, entry: entry ?? id, hash: this.#operation.hash };
  }

  get #isLate(): boolean {
    return this.#routes.clock.monotonicMs() + RETRY_MS > this.#deadlineMs;
  }

  #later(then: () => void): void {
    this.#routes.clock.setTimer(RETRY_MS, then);
  }

  // ---- In one round.

  #claim(token: string, after = 0): void {
    this.#name = this.#newName(token, after);
    const { timestamp, hash } = this.#name;
    this.#put("claimed", (outcome) => {
      if (outcome.kind === "written") this.#whole(timestamp);
      else if (outcome.kind === "condition-failed" && outcome.item !== null) {
        const entry = decodeEntry(outcome.item);
        if (entry.state === "cancelled") this.#anew(() => this.#claim(token, entry.timestamp));
        else if (entry.hash !== hash) this.#done({ kind: "token-mismatch" });
        else if (entry.state === "committed") this.#repeated();
        else this.#whole(entry.timestamp);
      } else if (outcome.kind !== "unavailable" || this.#isLate) this.#done(outcome);
      else this.#later(() => this.#claim(token, after));
    });
  }

  /** `claim`: when the token was claimed; 0: there is none. A repetition of a claim is found where it is done. */
  #whole(claim: number): void {
    const { actions, token } = this.#operation;
    const partitions = [...this.#routes.byPartition(actions, actions.map((_, i) => i)).keys()];
    const first = actions[0] as TransactAction;
    const entry = token === null ? null : entryOfClaim(token, claim);
    const asParts = (): void => this.#withLedger(() => this.#lock(entry, claim));
    const [partition] = partitions;
    if (partition === undefined || partitions.length > 1) {
      asParts(); // split since this was begun: claiming the token may have taken seconds
      return;
    }
    const work: PrepareWork = {
      kind: "prepare", name: this.#name, actions, isWhole: true,
      token: token === null ? null : { text: token, address: first.address, claim },
    };
    const settle = (outcome: Answered): void => {
      if (outcome.kind !== "prepared") {
        const isOpen = outcome.kind === "unavailable" && token !== null && !this.#isLate;
        if (isOpen) this.#later(() => this.#whole(claim));
        else this.#done(refusalOf(outcome));
        return;
      }
      switch (outcome.state) {
        case "applied":
          this.#done({
            kind: "transacted", outcomes: outcome.outcomes as readonly WriteOutcome[], repeated: null,
          });
          return;
        case "repeated":
          this.#repeated();
          return;
        case "too-large":
          asParts();
          return;
        default:
          // A former attempt with this claim may have been done in parts.
          if (entry === null || claim === this.#name.timestamp) this.#refuse(outcome.outcomes);
          else this.#unlessCommitted(entry, () => this.#refuse(outcome.outcomes));
      }
    };
    this.#routes.toLeader(
      first.table, partition, work, this.#deadlineMs, settle, () => this.#whole(claim),
    );
  }

  // ---- In two phases.

  /** `claim`: of the token that the entry stands for; 0: not known. */
  #lock(entry: string | null, claim: number): void {
    const { actions, token } = this.#operation;
    this.#name = this.#newName(entry, this.#name.timestamp);
    const locking = new Locking(this.#routes, this.#name, actions, token, claim, this.#deadlineMs);
    locking.lock(() => {
      if (buggify("router: a coordinator stops before its decision")) {
        this.#done(STOPPED);
        return;
      }
      // All may be locked a second time: what was done in one round before the partition was split.
      if (claim !== 0 && locking.claim >= claim) locking.finish(false, () => this.#repeated());
      else if (locking.isAllLocked) this.#decide(locking, claim);
      else locking.finish(false, () => this.#refused(locking));
    });
  }

  #decide(locking: Locking, claim: number): void {
    this.#put("committed", (outcome) => {
      if (outcome.kind === "written") this.#commit(locking);
      else if (outcome.kind === "condition-failed" && outcome.item !== null) {
        const entry = decodeEntry(outcome.item);
        if (entry.id === this.#name.id && entry.state === "committed") this.#commit(locking);
        else locking.finish(false, () => this.#lost(locking, entry, claim));
      } else if (this.#isLate) this.#done(STOPPED);
      else this.#later(() => this.#decide(locking, claim));
    });
  }

  #commit(locking: Locking): void {
    if (buggify("router: a coordinator stops after its decision")) {
      this.#done(STOPPED);
      return;
    }
    const { id, entry, timestamp } = this.#name;
    locking.finish(true, (isFinished) => {
      if (isFinished && this.#ledger !== null) this.#routes.ended(this.#ledger, entry, id, timestamp);
      const outcomes = locking.outcomes as readonly WriteOutcome[];
      this.#done(isFinished ? { kind: "transacted", outcomes, repeated: null } : STOPPED);
    });
  }

  /** Another decision stands in the attempt's entry. Nothing is locked any more. */
  #lost(locking: Locking, entry: Entry, claim: number): void {
    const { token, hash } = this.#operation;
    if (entry.state === "cancelled") this.#refuse(locking.outcomes.map(() => CONFLICT));
    else if (entry.hash !== hash) this.#done({ kind: "token-mismatch" });
    else if (entry.state === "committed" || locking.claim === entry.timestamp) this.#repeated();
    else if (token === null || claim === entry.timestamp) this.#done(STOPPED);
    else this.#anew(() => this.#lock(entryOfClaim(token, entry.timestamp), entry.timestamp));
  }

  /**
   * Nothing is locked any more. What was refused may have been done before, under the same token. Nor may an attempt
   * with the same entry that is still on its way be committed once the refusal is told: it is fenced off first.
   */
  #refused(locking: Locking): void {
    const { token, hash } = this.#operation;
    const refuse = (): void => this.#refuse(locking.outcomes);
    if (token === null) refuse();
    else if (locking.isRival) this.#done({ kind: "token-in-progress" });
    else {
      this.#put("cancelled", (outcome) => {
        if (outcome.kind === "written") refuse();
        else if (outcome.kind === "condition-failed" && outcome.item !== null) {
          const entry = decodeEntry(outcome.item);
          if (entry.hash !== hash) this.#done({ kind: "token-mismatch" });
          else if (entry.state === "cancelled") refuse();
          else if (entry.state === "committed" || locking.claim === entry.timestamp) this.#repeated();
          else this.#unlessCommitted(entryOfClaim(token, entry.timestamp), refuse);
        } else if (this.#isLate) this.#done(STOPPED);
        else this.#later(() => this.#refused(locking));
      });
    }
  }

  // ----

  #anew(start: () => void): void {
    this.#attempts++;
    if (this.#attempts < ATTEMPTS_MAX) start();
    else this.#done(STOPPED);
  }

  #put(state: EntryState, done: (outcome: Outcome) => void): void {
    const { entry: name, timestamp, id, hash } = this.#name;
    if (this.#ledger === null) done(NO_LEDGER);
    else this.#routes.one(entryPut(this.#ledger, { name, hash, timestamp, state, id }), this.#deadlineMs, done);
  }

  #get(name: string, done: (entry: Entry | null) => void): void {
    if (this.#ledger === null) {
      this.#done(NO_LEDGER);
      return;
    }
    this.#routes.one(entryGet(this.#ledger, name), this.#deadlineMs, (outcome) => {
      if (outcome.kind === "item") done(outcome.json === null ? null : decodeEntry(outcome.json));
      else this.#done(refusalOf(outcome));
    });
  }

  #unlessCommitted(name: string, otherwise: () => void): void {
    this.#get(name, (entry) => {
      if (entry?.state === "committed") this.#repeated();
      else otherwise();
    });
  }

  /** Done before: the answer tells what reading the items costs. It waits until nothing of them is held any more. */
  #repeated(): void {
    const gets = this.#operation.actions.map(({ table, address }): GetOperation => ({
      kind: "get", table, address, isStrong: true, projection: null,
    }));
    transactGet(this.#routes, { kind: "transact-get", gets }, (outcome) => {
      if (outcome.kind === "items") {
        this.#done({ kind: "transacted", outcomes: [], repeated: outcome.outcomes as readonly GetOutcome[] });
      } else this.#done(outcome.kind === "cancelled" ? { kind: "token-in-progress" } : outcome);
    });
  }

  #refuse(outcomes: readonly Outcome[]): void {
    const reasons = outcomes.map((outcome) => (outcome.kind === "written" ? null : outcome as Refusal));
    // What ails the whole request is no reason of one action.
    const whole = reasons.find((reason) => reason?.kind === "unavailable" || reason?.kind === "table-not-found");
    this.#done(whole ?? { kind: "cancelled", reasons });
  }
}
