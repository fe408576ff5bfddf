// The coordinator against partitions and a ledger that answer what a test wants: what it must not do twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, HASH_POINT_END, hashPoint, nodeId, storageKey, tableId, type HashPoint } from "../../base/ids.ts";
import { utf8Encode } from "../../base/utf8.ts";
import type { Operation, Outcome, TransactAction, TransactWriteOperation } from "../../model/operation.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { PreparedOutcome, PrepareWork, Work, WorkOutcome } from "../../wire/data-messages.ts";
import type { Routes } from "./routes.ts";
import { transactWrite } from "./transact-write.ts";

const TABLE = { id: tableId(7), name: "t", partitions: [] } as unknown as TableSchema;
const LEDGER = {
  id: tableId(9), name: "stator/ledger", hashKey: { name: "k", type: "S" }, rangeKey: null, partitions: [],
} as unknown as TableSchema;
const WRITTEN: Outcome = { kind: "written", attributes: null, oldSize: 0, newSize: 1 };

function partition(group: number): Partition {
  return { group: groupId(group), from: hashPoint(0), to: HASH_POINT_END, replicas: [nodeId(1)] };
}

function action(text: string, point: number): TransactAction {
  const address = { key: storageKey(text), point: hashPoint(point) as HashPoint };
  return {
    kind: "delete", table: TABLE, address, condition: null, returnValues: "NONE", returnOldOnFailure: false,
  } as unknown as TransactAction;
}

type Answers = {
  readonly whole: (work: PrepareWork, world: World) => WorkOutcome;
  /** What happens while the ledger is asked. */
  readonly meanwhile?: (world: World) => void;
};

/** Two items, in one partition until the world is split. */
class World {
  readonly sent: string[] = [];
  readonly #partitions = [partition(16), partition(17)] as const;
  readonly #answers: Answers;
  /** Claims that came with the locks. */
  readonly lockClaims: number[] = [];
  isSplit = false;
  /** Claim of the token that the first item's partition knows. */
  claim = 0;

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  run(): Promise<Outcome> {
    const operation: TransactWriteOperation = {
      kind: "transact-write", actions: [action("a", 1), action("b", 2)], token: "token", hash: "hash",
    } as unknown as TransactWriteOperation;
    return new Promise((resolve) => transactWrite(this.#routes(), operation, resolve));
  }

  #routes(): Routes {
    return {
      self: nodeId(1), random: { u32: () => 7 },
      clock: {
        wallMs: () => 1_000, monotonicMs: () => 0, setTimer: (_: number, run: () => void) => { queueMicrotask(run); },
      },
      byPartition: (_: readonly unknown[], indexes: readonly number[]) => {
        const shares = new Map<Partition, number[]>();
        for (const i of indexes) {
          const owner = this.#partitions[this.isSplit ? i as 0 | 1 : 0];
          shares.set(owner, [...shares.get(owner) ?? [], i]);
        }
        return shares;
      },
      toLeader: (_: unknown, __: unknown, work: Work, ___: number, settle: (outcome: WorkOutcome) => void) => {
        settle(this.#answer(work));
      },
      one: (operation: Operation, _: number, done: (outcome: Outcome) => void) => {
        this.sent.push(`ledger ${operation.kind}`);
        this.#answers.meanwhile?.(this);
        done(operation.kind === "put" ? WRITTEN : { kind: "item", json: null, exists: false, size: 0 });
      },
      ledger: (_: number, done: (ledger: TableSchema) => void) => done(LEDGER),
      ended: () => undefined,
    } as unknown as Routes;
  }

  #answer(work: Work): WorkOutcome {
    if (work.kind === "prepare" && work.isWhole) {
      this.sent.push("whole");
      return this.#answers.whole(work, this);
    }
    if (work.kind === "prepare") {
      this.sent.push("lock");
      this.lockClaims.push(work.token?.claim ?? 0);
      return {
        kind: "prepared", state: "locked", count: work.actions.length, outcomes: work.actions.map(() => WRITTEN),
        claim: work.token === null ? 0 : this.claim, isRival: false,
      };
    }
    if (work.kind === "finish") {
      this.sent.push(work.isCommitted ? "commit" : "release");
      return { kind: "finished", count: work.keys.length };
    }
    assert.equal(work.kind, "get-stable");
    const gets = work.kind === "get-stable" ? work.gets : [];
    return {
      kind: "stable-items",
      items: gets.map(() => ({
        item: { kind: "item", json: utf8Encode("{}"), exists: true, size: 1 }, version: 1, isBusy: false,
      })),
    };
  }
}

const UNKNOWN: WorkOutcome = { kind: "unavailable", reason: "leadership changed; it may or may not be done" };

test("one round that was done before the partition split is a repetition afterwards", async () => {
  const world = new World({
    whole: (work, at) => {
      at.claim = work.token?.claim ?? 0;
      at.isSplit = true;
      return UNKNOWN;
    },
  });
  const outcome = await world.run();
  assert.ok(outcome.kind === "transacted" && outcome.repeated !== null, JSON.stringify(outcome));
  assert.deepEqual(world.sent.filter((what) => what === "commit"), []);
});

test("one round that was not done before the partition split is done in parts, once", async () => {
  const world = new World({
    whole: (_, at) => {
      at.isSplit = true;
      return UNKNOWN;
    },
  });
  const outcome = await world.run();
  assert.ok(outcome.kind === "transacted" && outcome.repeated === null, JSON.stringify(outcome));
  assert.deepEqual(world.sent.filter((what) => what === "commit"), ["commit", "commit"]);
});

test("a partition that splits while the token is claimed gets no item of the other one", async () => {
  const world = new World({
    whole: () => assert.fail("all items in one partition, which has one of them"),
    meanwhile: (at) => {
      at.isSplit = true;
    },
  });
  const outcome = await world.run();
  assert.ok(outcome.kind === "transacted" && outcome.repeated === null, JSON.stringify(outcome));
  assert.deepEqual(world.sent.filter((what) => what === "commit"), ["commit", "commit"]);
});

test("what is too large for one round is done in parts, whose first lock knows the claim", async () => {
  const claims: number[] = [];
  const world = new World({
    whole: (work) => {
      claims.push(work.token?.claim ?? 0);
      const tooLarge: PreparedOutcome = {
        kind: "prepared", state: "too-large", count: 0, outcomes: [], claim: 0, isRival: false,
      };
      return tooLarge;
    },
  });
  const outcome = await world.run();
  assert.ok(outcome.kind === "transacted" && outcome.repeated === null, JSON.stringify(outcome));
  assert.ok(claims.length === 1 && (claims[0] as number) > 0, "a token is claimed before the round");
  assert.deepEqual(world.lockClaims, claims);
});
