// What the transactions share: how actions of a request become one operation, and the answers.
import { utf8Encode } from "../../../base/utf8.ts";
import { readUnits, writeUnits } from "../../../model/capacity-units.ts";
import type {
  GetOutcome, ItemJson, TransactAction, TransactedOutcome, WriteOutcome,
} from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, NO_REASON, type Reason, reasonOfFailure, transactionCancelled, validation } from "../errors.ts";
import {
  type IndexUnits, type UnitKind, addIndexUnits, capacityJson, capacityModeOf,
} from "../json-codec/capacity.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { indexUnitsOf } from "./write-common.ts";

/** A transaction costs twice what its actions alone would. */
const UNIT_FACTOR = 2;
const ITEM_HEAD: Uint8Array = utf8Encode('{"Item":');
const EMPTY_OBJECT: Uint8Array = utf8Encode("{}");
const CLOSE: Uint8Array = utf8Encode("}");
const COMMA: Uint8Array = utf8Encode(",");
const SEVERAL_ON_ONE = "Transaction request cannot include multiple operations on one item";

/** What a key is found to be only with the table in hand cancels the transaction; that one is empty is told before. */
export function isToldBefore({ message }: Failure): boolean {
  return message !== null && message.includes("cannot contain an empty");
}

/**
 * The places of all actions: each is one of its own. What is wrong with one of them is a reason to cancel the
 * transaction.
 */
export function distinct<T extends { readonly address: { readonly key: string } }>(
  placed: readonly Result<T>[],
): Result<readonly T[]> {
  const actions: T[] = [];
  const seen = new Set<string>();
  const reasons: Reason[] = [];
  let isCancelled = false;
  let isRepeated = false;
  for (const one of placed) {
    if (!one.ok) {
      if (isToldBefore(one.failure)) return one;
      isCancelled = true;
      reasons.push(reasonOfFailure(one.failure));
      continue;
    }
    const { key } = one.value.address;
    if (seen.has(key)) isRepeated = true;
    seen.add(key);
    reasons.push(NO_REASON);
    actions.push(one.value);
  }
  if (isCancelled) return no(transactionCancelled(reasons));
  return isRepeated ? no(validation(SEVERAL_ON_ONE)) : ok(actions);
}

/** Of what a client asks for: the same for the same, whatever the order of members is. */
export function requestHash(call: Call, asked: unknown): string {
  return call.context.crypto.sha256Hex(canonical(asked)).slice(0, 32);
}

/** As JSON, with the members of objects in order. By hand: `stringify` with a function to call takes twice as long. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const object = value as JsonObject;
  const names = Object.keys(object);
  if (names.length > 1) names.sort();
  let text = "{";
  for (const name of names) text += `${JSON.stringify(name)}:${canonical(object[name])},`;
  return `${text}}`;
}

// ---- Capacity, by table as the client named it.

type Cost = { units: number; readonly indexes: Map<string, IndexUnits> };

export class Costs {
  readonly #kind: UnitKind;
  readonly #costs: Map<string, Cost> = new Map();

  constructor(kind: UnitKind) {
    this.#kind = kind;
  }

  add(table: string, units: number, indexes: readonly IndexUnits[] = []): void {
    let cost = this.#costs.get(table);
    if (cost === undefined) this.#costs.set(table, cost = { units: 0, indexes: new Map() });
    cost.units += UNIT_FACTOR * units;
    addIndexUnits(cost.indexes, indexes.map((index) => ({ ...index, units: UNIT_FACTOR * index.units })));
  }

  /** The member of the answer, or null when it is not asked for. */
  json(input: JsonObject): string | null {
    const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
    if (mode === null) return null;
    const each = [...this.#costs].map(([table, { units, indexes }]) => (
      capacityJson(table, units, mode, [...indexes.values()], this.#kind)));
    return `"ConsumedCapacity":[${each.join(",")}]`;
  }
}

/** `tables`: of each action, as the client named it. */
export function writeCosts(
  tables: readonly string[], actions: readonly TransactAction[], { outcomes, repeated }: TransactedOutcome,
): Costs {
  const costs = new Costs(repeated === null ? "Write" : "Read");
  actions.forEach(({ table }, i) => {
    const name = tables[i] as string;
    if (repeated === null) {
      const outcome = outcomes[i] as WriteOutcome;
      costs.add(name, writeUnits(Math.max(outcome.oldSize, outcome.newSize)), indexUnitsOf(table, outcome));
    } else costs.add(name, readUnits((repeated[i] as GetOutcome).size, true));
  });
  return costs;
}

/** One response for each item, empty where there is none. */
export function responses(items: readonly (ItemJson | null)[], tail: string | null): Uint8Array[] {
  const body: Uint8Array[] = [utf8Encode('{"Responses":[')];
  items.forEach((json, i) => {
    if (i > 0) body.push(COMMA);
    if (json === null) body.push(EMPTY_OBJECT);
    else body.push(ITEM_HEAD, json, CLOSE);
  });
  body.push(utf8Encode(tail === null ? "]}" : `],${tail}}`));
  return body;
}

/** A projection that meets nothing of an item that is there gives an empty item. */
export function itemOf({ json, exists }: GetOutcome): ItemJson | null {
  return json ?? (exists ? EMPTY_OBJECT : null);
}
