// A store of immutable objects under names: what the archive and backups are kept in. An object, once put, is
// never changed, only deleted.

export type ObjectStoreError = {
  readonly kind: "object-store-error";
  /** "unavailable", "denied", "corrupt" … */
  readonly code: string;
  readonly name: string;
  readonly message: string;
};

/**
 * "exists": another object of that name was there before; nothing changed. After an error the fate of the put
 * is unknown: asking again is safe, and answers "exists" when the first one had been done.
 */
export type PutResult = "done" | "exists" | ObjectStoreError;
/** Null: no object of that name. The bytes belong to the caller. */
export type GetResult = { readonly kind: "object"; readonly bytes: Uint8Array } | null | ObjectStoreError;
export type ListedObject = { readonly name: string; readonly bytes: number };
export type ListResult =
  | { readonly kind: "list"; readonly objects: readonly ListedObject[]; readonly hasMore: boolean }
  | ObjectStoreError;

/** Most objects one `list` returns. */
export const LIST_OBJECTS_MAX = 1000;

/** No `done` is called synchronously; calls are not ordered against each other. */
export interface ObjectStore {
  /** Stores the object if the name is free. `bytes` must not be touched before `done`. "done" means durable. */
  putIfAbsent(name: string, bytes: Uint8Array, done: (result: PutResult) => void): void;
  /** Sees every put that was done before the call. */
  get(name: string, done: (result: GetResult) => void): void;
  /**
   * Names that begin with `prefix` and come after `after`, in the order of their UTF-16 units. A put or delete
   * that was done shortly before may not show yet.
   */
  list(prefix: string, after: string, done: (result: ListResult) => void): void;
  /** Deleting what is not there is no error. */
  delete(name: string, done: (error: ObjectStoreError | null) => void): void;
}

export function objectStoreError(code: string, name: string, message: string): ObjectStoreError {
  return { kind: "object-store-error", code, name, message };
}
