// What a read of the tree can find.
import type { StorageKey } from "../../base/ids.ts";
import type { KvError } from "../../ports/kv-store.ts";

/** A row whose bytes do not agree with their checksum, or a store that cannot be read at `key`. */
export type TreeDamage = {
  readonly kind: "corrupt";
  readonly file: string;
  readonly key: StorageKey;
  readonly message: string;
};

export type TreeRead =
  | { readonly kind: "value"; readonly value: Uint8Array }
  | { readonly kind: "absent" }
  | TreeDamage;

export const ABSENT: TreeRead = { kind: "absent" };

export function damagedRow(file: string, key: StorageKey): TreeDamage {
  return { kind: "corrupt", file, key, message: "the row does not agree with its checksum" };
}

export function unreadable(error: KvError, key: StorageKey): TreeDamage {
  return { kind: "corrupt", file: error.file, key, message: `${error.code}: ${error.message}` };
}

/** Return false to end the scan. `value` is valid only during the call. */
export type TreeVisit = (key: StorageKey, value: Uint8Array) => boolean;
