// `stator inspect wal|tree`: prints what the files of a stopped cluster hold, for people or as JSON lines.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { storageKey } from "../base/ids.ts";
import { lockDirectory } from "../runtime/directory-lock.ts";
import { openFsDisk } from "../runtime/fs-disk.ts";
import { openLmdbKv } from "../runtime/lmdb-kv.ts";
import { inspectTree, inspectWal, type TreeLine, type WalLine } from "../storage/inspect.ts";
import { EXIT_CANNOT_START, EXIT_FAILED, EXIT_OK } from "./exit-codes.ts";

export type InspectArguments = { readonly node?: string; readonly json?: boolean };
export type InspectLine = WalLine | TreeLine;

/** Text collected before it is written: a system call per line would cost more than the line. */
const CHUNK_CHARS = 65_536;
/** The first key, and one behind all keys. */
const FIRST_KEY = storageKey("");
const BEHIND_KEYS = storageKey("\xff".repeat(8));

/** Resolves to the exit code: EXIT_FAILED when something is damaged. */
export async function runInspect(what: "wal" | "tree", dataDir: string, options: InspectArguments): Promise<number> {
  const nodes = listNodes(dataDir, options.node ?? null);
  if (typeof nodes === "string") return refuse(nodes);
  const locked = await lockDirectory(dataDir);
  if (!locked.ok) {
    return refuse(`a running cluster uses ${dataDir}. Stop it first, or inspect a copy of the directory.`);
  }
  const output = new Output(process.stdout);
  let isDamaged = false;
  try {
    for (const node of nodes) {
      if (options.json !== true) await output.line(`== ${node}`);
      const opened = open(what, join(dataDir, node));
      for (const line of opened.lines) {
        isDamaged ||= line.kind === "damage" || (line.kind === "row" && !line.isIntact);
        await output.line(options.json === true ? jsonLine(node, line) : formatLine(line));
        if (output.isClosed) break;
      }
      await opened.close();
    }
    await output.flush();
  } finally {
    await locked.lock.release();
  }
  return isDamaged ? EXIT_FAILED : EXIT_OK;
}

function refuse(message: string): number {
  process.stderr.write(`stator: ${message}\n`);
  return EXIT_CANNOT_START;
}

/** Folders of nodes, or why there are none. The directory of a node process is itself that of its one node. */
function listNodes(dataDir: string, wanted: string | null): readonly string[] | string {
  if (existsSync(join(dataDir, "node.json"))) {
    return wanted === null ? ["."] : `${dataDir} holds one node only; leave --node out.`;
  }
  if (!existsSync(join(dataDir, "cluster.json"))) {
    return `${dataDir} is not a data directory of Stator: it has neither cluster.json nor node.json. `
      + "Give the --data-dir of a cluster.";
  }
  const nodes = readdirSync(dataDir).filter((name) => /^node-\d+$/.test(name)).sort();
  const chosen = wanted === null ? nodes : nodes.filter((name) => name === `node-${wanted}`);
  return chosen.length > 0 ? chosen : `${dataDir} has no node ${wanted ?? ""}; it has ${nodes.join(", ") || "none"}.`;
}

type Opened = { readonly lines: Iterable<InspectLine>; close(): Promise<void> };

function open(what: "wal" | "tree", folder: string): Opened {
  const path = join(folder, what);
  if (!existsSync(path)) return unreadable(path, `there is no ${what}`);
  if (what === "wal") {
    const opened = openFsDisk(path);
    if (!opened.ok) return unreadable(opened.error.file, opened.error.message);
    const { disk } = opened;
    return { lines: inspectWal(disk), close: () => new Promise((resolve) => disk.close(resolve)) };
  }
  const opened = openLmdbKv(path);
  if (!opened.ok) return unreadable(opened.error.file, opened.error.message);
  const { kv } = opened;
  return {
    lines: inspectTree(kv, FIRST_KEY, BEHIND_KEYS), close: () => new Promise((resolve) => kv.close(resolve)),
  };
}

/** One node's damage must not hide the others' contents. */
function unreadable(file: string, message: string): Opened {
  return { lines: [{ kind: "damage", file, offset: 0, message }], close: () => Promise.resolve() };
}

function jsonLine(folder: string, line: InspectLine): string {
  return JSON.stringify({ ...line, node: Number(folder.slice("node-".length)) });
}

/** Indented by what it is part of: segment, batch, record. */
export function formatLine(line: InspectLine): string {
  switch (line.kind) {
    case "segment":
      return `segment ${line.number}  ${line.file}  node ${line.node}, format ${line.version}, ${line.bytes} bytes`;
    case "batch":
      return line.isSeal
        ? `  seal   ${line.sequence} at ${line.offset}`
        : `  batch  ${line.sequence} at ${line.offset}  ${line.records} records, ${line.bytes} bytes`;
    case "record":
      return `    ${line.type.padEnd(8)} group ${line.group}  lsn ${line.lsn}  ballot ${formatBallot(line.ballot)}`
        + `  ${line.payloadBytes} bytes  crc ${line.crc}`;
    case "mark":
      return `checkpoint of group ${line.group}  lsn ${line.checkpoint}`
        + `${line.dirty > line.checkpoint ? `, partly up to ${line.dirty}` : ""}`
        + `  ${line.items} items, ${line.bytes} bytes`;
    case "row":
      return `table ${line.table}.${line.index}  ${line.key}  ${line.bytes} bytes  crc ${line.crc}`
        + `${line.isIntact ? "" : "  DAMAGED: the bytes do not agree with their checksum"}`;
    case "damage":
      return `DAMAGE  ${line.file}${"offset" in line ? ` at ${line.offset}` : `, key ${line.key}`}: ${line.message}`;
  }
}

/** round.node, as the glossary writes it. */
function formatBallot(value: number): string {
  return `${Math.floor(value / 65_536)}.${value % 65_536}`;
}

/** Lines to a stream, in chunks, at the reader's pace. A reader that goes away ends it without an error. */
class Output {
  isClosed = false;
  readonly #stream: NodeJS.WriteStream;
  #text = "";

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on("error", () => {
      this.isClosed = true;
    });
  }

  async line(text: string): Promise<void> {
    this.#text += `${text}\n`;
    if (this.#text.length >= CHUNK_CHARS) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (this.isClosed || this.#stream.write(text)) return;
    await once(this.#stream, "drain").catch(() => undefined);
  }
}
