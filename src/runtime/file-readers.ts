// Descriptors for reading off the event loop's thread. Catch-up reads one file after the other, each in many pieces:
// the last file stays open, since opening and closing cost two more trips through the runtime's pool each time.
import fs from "node:fs";

/** `release` must be called when the read is over. */
export type UseDescriptor = (error: Error | null, descriptor: number, release: () => void) => void;

type Reader = { readonly path: string; readonly descriptor: number; users: number; isKept: boolean };

export class FileReaders {
  /** The one that stays open. */
  #kept: Reader | null = null;
  /** Changes when a file is given up: one that is being opened then is not kept. */
  #epoch = 0;

  /** A descriptor of `path`, which stays open until it is released, whatever happens to the file. */
  use(path: string, use: UseDescriptor): void {
    const kept = this.#kept;
    if (kept !== null && kept.path === path) {
      this.#lend(kept, use);
      return;
    }
    const epoch = this.#epoch;
    fs.open(path, "r", (error, descriptor) => {
      if (error !== null) {
        use(error, -1, () => undefined);
        return;
      }
      const reader: Reader = { path, descriptor, users: 0, isKept: epoch === this.#epoch };
      if (reader.isKept) {
        this.#letGo();
        this.#kept = reader;
      }
      this.#lend(reader, use);
    });
  }

  /** The file is about to be deleted or replaced; `null`: all files. */
  forget(path: string | null): void {
    this.#epoch++;
    if (path === null || this.#kept?.path === path) this.#letGo();
  }

  #lend(reader: Reader, use: UseDescriptor): void {
    reader.users++;
    use(null, reader.descriptor, () => {
      reader.users--;
      this.#closeUnused(reader);
    });
  }

  #letGo(): void {
    const kept = this.#kept;
    this.#kept = null;
    if (kept === null) return;
    kept.isKept = false;
    this.#closeUnused(kept);
  }

  #closeUnused(reader: Reader): void {
    if (reader.users === 0 && !reader.isKept) fs.close(reader.descriptor, () => undefined);
  }
}
